/* SPDX-License-Identifier: MIT
 *
 * completion_zsh.c -- the script for zsh: every command's rows of command.def as arguments of _arguments.
 */
#include "completion.h"
#include "conf.h"

static const char opening[] =
    "#compdef acre\n"
    "# zsh completion of acre; printed by `acre completion zsh`\n"
    "\n";

static const char main_opening[] =
    "_acre() {\n"
    "    local curcontext=$curcontext state line ret=1\n"
    "    typeset -A opt_args\n"
    "    _arguments -C \\\n"
    "        '(- *)'{-h,--help}'[list the commands]' \\\n"
    "        '(- *)'{-V,--version}'[print the version]' \\\n"
    "        '1:command:_acre_commands' '*::argument:->argument' && ret=0\n"
    "    [[ $state == argument ]] || return ret\n"
    "    case $words[1] in\n";

static const char closing[] =
    "    esac\n"
    "    return ret\n"
    "}\n"
    "\n"
    "# Loaded by the completion system as a file of $fpath, or read with eval.\n"
    "if [[ $funcstack[1] == _acre ]]; then\n"
    "    _acre \"$@\"\n"
    "else\n"
    "    compdef _acre acre\n"
    "fi\n";

static const char *action(enum ac_offer offer)
{
    switch (offer) {
    case AC_OFFER_FILE:
        return "_files";
    case AC_OFFER_PID:
        return "_pids";
    case AC_OFFER_COMMAND:
        return "_acre_commands";
    case AC_OFFER_CONF:
        return "_acre_conf";
    case AC_OFFER_PROGRAM:
        return " _command_names -e";
    default:
        return "";
    }
}

/* The third part of a spec: what to do, or the words to choose from. */
static void put_action(FILE *out, enum ac_offer offer)
{
    if (offer != AC_OFFER_KEY && offer != AC_OFFER_SHELL) {
        fputs(action(offer), out);
        return;
    }
    fputs("(", out);
    ac_completion_put_words(out, offer, "");
    fputs(")", out);
}

static void put_flag(FILE *out, const struct ac_flag *flag)
{
    const char *name = ac_flag_name(flag);
    const char *equals = flag->value[0] != '\0' ? "=" : "";
    if (flag->letter)
        fprintf(out, " \\\n            '(-%c --%s)'{-%c%s,--%s%s}'[", flag->letter, name, flag->letter,
                flag->value[0] != '\0' ? "+" : "", name, equals);
    else
        fprintf(out, " \\\n            '--%s%s[", name, equals);
    ac_completion_put_quoted(out, flag->help, "[]:\\");
    fputs("]", out);
    if (flag->value[0] != '\0') {
        fputs(":", out);
        ac_completion_put_quoted(out, flag->value, "[]:\\");
        fputs(":", out);
        put_action(out, flag->offer);
    }
    fputs("'", out);
}

static void put_operands(FILE *out, enum ac_command_id command)
{
    const struct ac_command_row *row = ac_command_row_next(&ac_operands, command, NULL);
    bool has_program = false;
    for (int nth = 1; row; nth++) {
        const struct ac_command_row *next = ac_command_row_next(&ac_operands, command, row);
        bool program_too = next && next->offer == AC_OFFER_PROGRAM;
        if (program_too) {
            fprintf(out,
                    " \\\n            '%d: : _alternative \"processes:process:%s\" "
                    "\"commands:program:_command_names -e\"'",
                    nth, action(row->offer));
            next = ac_command_row_next(&ac_operands, command, next);
        } else {
            fprintf(out, " \\\n            '%s%d:argument:", row->offer == AC_OFFER_PROGRAM ? "(-)" : "",
                    nth);
            put_action(out, row->offer);
            fputs("'", out);
        }
        has_program = has_program || program_too || row->offer == AC_OFFER_PROGRAM;
        row = next;
    }
    if (has_program)
        fputs(" \\\n            '*::argument: _normal'", out);
}

/* A first operand with a meaning decides about the second. */
static void put_words(FILE *out, enum ac_command_id command)
{
    const struct ac_command_row *row = NULL;
    fprintf(out, " \\\n            '1:word:((");
    while ((row = ac_command_row_next(&ac_words, command, row))) {
        fprintf(out, "%s\\:\"", row->word);
        ac_completion_put_quoted(out, row->help, "\"`$\\");
        fputs("\" ", out);
    }
    fputs("))' '2:argument:->second'", out);
}

static void put_second(FILE *out, enum ac_command_id command)
{
    const struct ac_command_row *row = NULL;
    fputs("        [[ $state == second ]] && case $line[1] in\n", out);
    while ((row = ac_command_row_next(&ac_words, command, row))) {
        fprintf(out, "        %s) ", row->word);
        if (row->offer == AC_OFFER_KEY) {
            fputs("compadd ", out);
            ac_completion_put_words(out, row->offer, "");
        } else {
            fputs(row->offer == AC_OFFER_NOTHING ? "_message 'no more arguments'" : action(row->offer), out);
        }
        fputs(" && ret=0 ;;\n", out);
    }
    fputs("        esac\n", out);
}

static void put_command(FILE *out, enum ac_command_id command)
{
    bool has_words = ac_command_row_next(&ac_words, command, NULL) != NULL;
    fprintf(out, "    %s)\n", ac_commands[command].name);
    fputs(has_words ? "        state=''\n" : "", out);
    fprintf(out, "        _arguments -S%s \\\n            '(- *)'{-h,--help}'[explain the command]'",
            has_words ? " -C" : "");
    for (const struct ac_flag *flag = ac_flag_of(command, NULL); flag; flag = ac_flag_of(command, flag))
        put_flag(out, flag);
    if (has_words)
        put_words(out, command);
    put_operands(out, command);
    fputs(" && ret=0\n", out);
    if (has_words)
        put_second(out, command);
    fputs("        ;;\n", out);
}

static void put_conf(FILE *out)
{
    fputs("_acre_conf() {\n    _values -s , option", out);
    for (size_t i = 0; i < ac_noptions; i++) {
        fprintf(out, " \\\n        '%s[", ac_options[i].name);
        ac_completion_put_quoted(out, ac_options[i].help, "[]:\\");
        fprintf(out, "]:%s:'", ac_options[i].unit[0] != '\0' ? ac_options[i].unit : "value");
    }
    fputs("\n}\n\n", out);
}

void ac_completion_zsh(FILE *out)
{
    fputs(opening, out);
    put_conf(out);
    fputs("_acre_commands() {\n    local -a commands=(\n", out);
    for (size_t i = 0; i < AC_NCOMMANDS; i++) {
        fprintf(out, "        '%s:", ac_commands[i].name);
        ac_completion_put_quoted(out, ac_commands[i].summary, ":\\");
        fputs("'\n", out);
    }
    fputs("    )\n    _describe -t commands command commands\n}\n\n", out);
    fputs(main_opening, out);
    for (size_t i = 0; i < AC_NCOMMANDS; i++)
        put_command(out, (enum ac_command_id)i);
    fputs(closing, out);
}

/* SPDX-License-Identifier: MIT
 *
 * completion_fish.c -- the script for fish: one `complete` for each row of command.def, under conditions that
 * three functions judge.
 */
#include "completion.h"

static const char opening[] =
    "# fish completion of acre; printed by `acre completion fish`\n"
    "\n"
    "# The words before the cursor without acre's options and their values; `--`, when given, is the last.\n"
    "function __acre_words\n"
    "    set -l words (commandline -opc)\n"
    "    set -l values\n"
    "    switch \"$words[2]\"\n";

static const char functions[] =
    "    end\n"
    "    set -l skip 0\n"
    "    for word in $words[2..]\n"
    "        if test $skip = 1\n"
    "            set skip 0\n"
    "        else if test \"$word\" = --\n"
    "            echo --\n"
    "            return\n"
    "        else if string match -q -- '-*' $word\n"
    "            contains -- $word $values; and set skip 1\n"
    "        else\n"
    "            echo $word\n"
    "        end\n"
    "    end\n"
    "end\n"
    "\n"
    "# COMMAND [N]: it is this command, and N operands are typed.\n"
    "function __acre_at\n"
    "    set -l words (__acre_words)\n"
    "    test \"$words[1]\" = \"$argv[1]\"; or return\n"
    "    set -q argv[2]; or return 0\n"
    "    test (count $words) = (math $argv[2] + 1); and not contains -- -- $words\n"
    "end\n"
    "\n"
    "# COMMAND WORD: it is this command, with this as its only operand.\n"
    "function __acre_after\n"
    "    __acre_at $argv[1] 1; and test (__acre_words)[2] = $argv[2]\n"
    "end\n"
    "\n"
    "# COMMAND: its options may still be given.\n"
    "function __acre_flags\n"
    "    __acre_at $argv[1]; and not contains -- -- (__acre_words)\n"
    "end\n"
    "\n"
    "# What the program under acre, word N of the operands, would be offered.\n"
    "function __acre_program\n"
    "    set -l all (commandline -opc)\n"
    "    set -l operands (__acre_words)\n"
    "    set -l first (contains -i -- -- $all)\n"
    "    and set first (math $first + 1)\n"
    "    or set first (contains -i -- \"$operands[2]\" $all)\n"
    "    or set first (math (count $all) + 1)\n"
    "    set -l before (string escape -- $all[$first..])\n"
    "    complete -C \"$before \"(commandline -ct)\n"
    "end\n"
    "\n"
    "complete -c acre -f\n"
    "complete -c acre -n __fish_use_subcommand -s h -l help -d 'list the commands'\n"
    "complete -c acre -n __fish_use_subcommand -s V -l version -d 'print the version'\n";

static void put_values(FILE *out, enum ac_command_id command)
{
    fprintf(out, "        case %s\n            set values", ac_commands[command].name);
    for (const struct ac_flag *flag = ac_flag_of(command, NULL); flag; flag = ac_flag_of(command, flag)) {
        if (flag->value[0] != '\0')
            fprintf(out, flag->letter ? " --%s -%c" : " --%s", ac_flag_name(flag), flag->letter);
    }
    fputc('\n', out);
}

static void put_help(FILE *out, const char *help)
{
    fputs(" -d '", out);
    for (; *help != '\0'; help++)
        fprintf(out, *help == '\'' || *help == '\\' ? "\\%c" : "%c", *help);
    fputs("'\n", out);
}

/* What an offer adds to a `complete`. */
static void put_offer(FILE *out, enum ac_offer offer)
{
    if (offer == AC_OFFER_NOTHING) {
        fputs(" -x", out);
    } else if (offer == AC_OFFER_FILE) {
        fputs(" -r -F", out);
    } else if (offer == AC_OFFER_PID) {
        fputs(" -x -a '(__fish_complete_pids)'", out);
    } else if (offer == AC_OFFER_PROGRAM) {
        fputs(" -x -a '(__acre_program)'", out);
    } else if (offer == AC_OFFER_CONF) {
        fputs(" -x -a '(__fish_append , ", out);
        ac_completion_put_words(out, offer, "=");
        fputs(")'", out);
    } else {
        fputs(" -x -a '", out);
        ac_completion_put_words(out, offer, "");
        fputs("'", out);
    }
}

static void put_flag(FILE *out, const char *command, const struct ac_flag *flag)
{
    fprintf(out, "complete -c acre -n '__acre_flags %s' -l %s", command, ac_flag_name(flag));
    if (flag->letter)
        fprintf(out, " -s %c", flag->letter);
    if (flag->value[0] != '\0')
        put_offer(out, flag->offer);
    put_help(out, flag->help);
}

static void put_operand(FILE *out, const char *command, const struct ac_command_row *row, int nth)
{
    if (row->offer == AC_OFFER_PROGRAM && nth > 0)
        fprintf(out, "complete -c acre -n '__acre_at %s; and contains -- -- (__acre_words)'", command);
    else if (row->offer == AC_OFFER_PROGRAM)
        fprintf(out, "complete -c acre -n '__acre_at %s'", command);
    else
        fprintf(out, "complete -c acre -n '__acre_at %s %d'", command, nth);
    put_offer(out, row->offer);
    fputc('\n', out);
}

static void put_command(FILE *out, enum ac_command_id id)
{
    const struct ac_command *command = &ac_commands[id];
    const struct ac_command_row *row = NULL;
    fprintf(out, "complete -c acre -n __fish_use_subcommand -a %s", command->name);
    put_help(out, command->summary);
    fprintf(out, "complete -c acre -n '__acre_flags %s' -s h -l help -d 'explain the command'\n",
            command->name);
    for (const struct ac_flag *flag = ac_flag_of(id, NULL); flag; flag = ac_flag_of(id, flag))
        put_flag(out, command->name, flag);
    while ((row = ac_command_row_next(&ac_words, id, row))) {
        fprintf(out, "complete -c acre -n '__acre_at %s 0' -a %s", command->name, row->word);
        put_help(out, row->help);
        fprintf(out, "complete -c acre -n '__acre_after %s %s'", command->name, row->word);
        put_offer(out, row->offer);
        fputc('\n', out);
    }
    row = NULL;
    for (int nth = 0; (row = ac_command_row_next(&ac_operands, id, row)); nth++)
        put_operand(out, command->name, row, nth);
}

void ac_completion_fish(FILE *out)
{
    fputs(opening, out);
    for (size_t i = 0; i < AC_NCOMMANDS; i++)
        put_values(out, (enum ac_command_id)i);
    fputs(functions, out);
    for (size_t i = 0; i < AC_NCOMMANDS; i++)
        put_command(out, (enum ac_command_id)i);
}

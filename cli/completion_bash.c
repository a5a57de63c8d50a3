/* SPDX-License-Identifier: MIT
 *
 * completion_bash.c -- the script for bash: a table of the commands, made from command.def, and a reader
 * of the command line that needs no package (bash-completion is used for a program's own arguments where
 * it is).
 */
#include <string.h>

#include "completion.h"

static const char opening[] =
    "# bash completion of acre; printed by `acre completion bash`\n"
    "\n"
    "_acre_offer() {\n"
    "    local offer=$1 cur=$2 item\n"
    "    case $offer in\n"
    "    FILE)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "        ;;\n"
    "    PID) mapfile -t COMPREPLY < <(compgen -W \"$(ps -o pid= -U \"$UID\" 2>/dev/null)\" -- \"$cur\") ;;\n"
    "    PROGRAM) mapfile -t COMPREPLY < <(compgen -c -- \"$cur\") ;;\n";

static const char conf_opening[] =
    "    CONF)\n"
    "        # After a comma the next key; bash replaces only what stands behind the last `=`.\n"
    "        item=${cur##*,}\n"
    "        cur=${cur%\"$item\"}\n"
    "        [[ $item == *=* ]] && return\n"
    "        compopt -o nospace 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -P \"${cur##*=}\" -W '";

static const char main_opening[] =
    "    esac\n"
    "}\n"
    "\n"
    "# The program under acre, whose name is word $1 of the line.\n"
    "_acre_program() {\n"
    "    if declare -F _command_offset >/dev/null; then\n"
    "        _command_offset \"$1\"\n"
    "    elif ((COMP_CWORD == $1)); then\n"
    "        _acre_offer PROGRAM \"${COMP_WORDS[COMP_CWORD]}\"\n"
    "    else\n"
    "        _acre_offer FILE \"${COMP_WORDS[COMP_CWORD]}\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "_acre() {\n"
    "    local -a words=() places=() operands=()\n"
    "    local i word cur count flags='' values='' first='' starts='' offer='' nth=0 dashes=''\n"
    "    COMPREPLY=()\n"
    "    # Bash takes words apart at `=`; here they are put together again.\n"
    "    for ((i = 0; i <= COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if ((i > 1)) && [[ $word == =* || ${words[-1]} == *= ]]; then\n"
    "            words[-1]+=$word\n"
    "        else\n"
    "            words+=(\"$word\")\n"
    "            places+=(\"$i\")\n"
    "        fi\n"
    "    done\n"
    "    count=${#words[@]}\n"
    "    cur=${words[-1]}\n";

static const char closing[] =
    "    *) return ;;\n"
    "    esac\n"
    "    for ((i = 2; i < count; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ $dashes && \" ${operands[*]} \" == *' PROGRAM '* ]] ||\n"
    "            [[ ! $offer && ${operands[0]-} == PROGRAM && $word != -* ]]; then\n"
    "            _acre_program \"${places[i]}\"\n"
    "            return\n"
    "        fi\n"
    "        ((i == count - 1)) && break\n"
    "        if [[ $offer ]]; then\n"
    "            offer=''\n"
    "        elif [[ ! $dashes && $word == -- ]]; then\n"
    "            dashes=1\n"
    "        elif [[ ! $dashes && $word == -* ]]; then\n"
    "            [[ $values =~ \" $word:\"([A-Z]+) ]] && offer=${BASH_REMATCH[1]}\n"
    "        else\n"
    "            if ((nth == 0)) && [[ $starts =~ \" $word:\"([A-Z]+) ]]; then\n"
    "                operands=('' \"${BASH_REMATCH[1]}\")\n"
    "            fi\n"
    "            nth=$((nth + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ $offer ]]; then\n"
    "        _acre_offer \"$offer\" \"$cur\"\n"
    "    elif [[ ! $dashes && $cur == --*=* ]]; then\n"
    "        [[ $values =~ \" ${cur%%=*}:\"([A-Z]+) ]] && _acre_offer \"${BASH_REMATCH[1]}\" \"${cur#*=}\"\n"
    "    elif [[ ! $dashes && $cur == -* ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$flags --help\" -- \"$cur\")\n"
    "    elif ((nth == 0)) && [[ $first ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$first\" -- \"$cur\")\n"
    "    elif [[ ${operands[nth]-} ]]; then\n"
    "        _acre_offer \"${operands[nth]}\" \"$cur\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "complete -F _acre acre\n";

static const char *const offers[] = {"NOTHING", "FILE", "PID", "PROGRAM", "COMMAND", "SHELL", "KEY", "CONF"};

static void put_offer_words(FILE *out, enum ac_offer offer)
{
    fprintf(out, "    %s) mapfile -t COMPREPLY < <(compgen -W '", offers[offer]);
    ac_completion_put_words(out, offer, "");
    fputs("' -- \"$cur\") ;;\n", out);
}

static void put_flags(FILE *out, enum ac_command_id command)
{
    fputs("flags='", out);
    for (const struct ac_flag *flag = ac_flag_of(command, NULL); flag; flag = ac_flag_of(command, flag))
        fprintf(out, flag->letter ? "--%s -%c " : "--%s ", ac_flag_name(flag), flag->letter);
    fputs("' values=' ", out);
    for (const struct ac_flag *flag = ac_flag_of(command, NULL); flag; flag = ac_flag_of(command, flag)) {
        if (flag->value[0] != '\0')
            fprintf(out, "--%s:%s ", ac_flag_name(flag), offers[flag->offer]);
        if (flag->value[0] != '\0' && flag->letter)
            fprintf(out, "-%c:%s ", flag->letter, offers[flag->offer]);
    }
    fputs("'", out);
}

static void put_command(FILE *out, enum ac_command_id command)
{
    const struct ac_command_row *row = NULL;
    fprintf(out, "    %s)\n        ", ac_commands[command].name);
    put_flags(out, command);
    fputs("\n        operands=(", out);
    while ((row = ac_command_row_next(&ac_operands, command, row)))
        fprintf(out, "%s ", offers[row->offer]);
    fputs(")\n        first='", out);
    while ((row = ac_command_row_next(&ac_words, command, row)))
        fprintf(out, "%s ", row->word);
    fputs("' starts=' ", out);
    while ((row = ac_command_row_next(&ac_words, command, row)))
        fprintf(out, "%s:%s ", row->word, offers[row->offer]);
    fputs("'\n        ;;\n", out);
}

void ac_completion_bash(FILE *out)
{
    fputs(opening, out);
    put_offer_words(out, AC_OFFER_COMMAND);
    put_offer_words(out, AC_OFFER_SHELL);
    put_offer_words(out, AC_OFFER_KEY);
    fputs(conf_opening, out);
    ac_completion_put_words(out, AC_OFFER_CONF, "=");
    fputs("' -- \"$item\")\n        ;;\n", out);
    fputs(main_opening, out);
    fputs("    if ((count == 2)); then\n        mapfile -t COMPREPLY < <(compgen -W '", out);
    ac_completion_put_words(out, AC_OFFER_COMMAND, "");
    fputs(" --help --version' -- \"$cur\")\n        return\n    fi\n    case ${words[1]} in\n", out);
    for (size_t i = 0; i < AC_NCOMMANDS; i++)
        put_command(out, (enum ac_command_id)i);
    fputs(closing, out);
}

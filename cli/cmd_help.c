/* SPDX-License-Identifier: MIT
 *
 * cmd_help.c -- `acre help`: the twelve lines that explain acre, and the help of one command.
 */
#include <stdio.h>

#include "cmd.h"

static const char opening[] =
    "acre - a malloc for any program, that can tell where every byte went\n"
    "\n"
    "usage: acre COMMAND [OPTIONS]\n"
    "\n";
static const char closing[] =
    "\n"
    "start here:  acre run -- PROGRAM ARGS\n"
    "read more:   acre help COMMAND, and the manual: acre(1) the command,\n"
    "             acre(7) options and messages, acre(3) the C interface\n";

static void print_overview(FILE *out)
{
    fputs(opening, out);
    for (size_t i = 0; i < ac_ncommands; i++)
        fprintf(out, "  %-9s %s\n", ac_commands[i].name, ac_commands[i].summary);
    fputs(closing, out);
}

int ac_cmd_help(int argc, char **argv)
{
    if (argc == 0) {
        print_overview(stderr);
        return AC_EXIT_USAGE;
    }
    if (argc > 2) {
        ac_error("help explains one command at a time: acre help %s", argv[1]);
        return AC_EXIT_USAGE;
    }
    const struct ac_command *command = argc == 2 ? ac_command_find(argv[1]) : NULL;
    if (argc == 2 && !command)
        return ac_command_unknown(argv[1]);
    if (!command || command->run == ac_cmd_help) {
        print_overview(stdout);
        return AC_EXIT_DONE;
    }
    char *help_argv[] = {argv[1], "--help", NULL};
    return command->run(2, help_argv);
}

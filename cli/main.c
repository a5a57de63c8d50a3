/* SPDX-License-Identifier: MIT
 *
 * main.c -- the command `acre`: finds the command that is asked for and becomes it.
 */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

void ac_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("acre: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        ac_cmd_help(0, NULL);
        return AC_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const struct ac_command *command = ac_command_find(name);
    if (!command)
        return ac_command_unknown(name);
    return command->run(argc - 1, argv + 1);
}

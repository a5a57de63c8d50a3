/* SPDX-License-Identifier: MIT
 *
 * main.c -- the command `acre`: the table of its commands, and what they share.
 */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

const struct ac_command ac_commands[] = {
    {"run", "run a program on acre and say where its memory went", ac_cmd_run},
    {"options", "list, explain and check the options of the library", ac_cmd_options},
    {"version", "print the version, the build and the library in use", ac_cmd_version},
    {"help", "explain a command", ac_cmd_help},
};
const size_t ac_ncommands = sizeof(ac_commands) / sizeof(ac_commands[0]);

static const char *command_name(size_t i, const void *unused)
{
    (void)unused;
    return ac_commands[i].name;
}

static const char *option_name(size_t i, const void *options)
{
    return ((const struct option *)options)[i].name;
}

const struct ac_command *ac_command_find(const char *name)
{
    for (size_t i = 0; i < ac_ncommands; i++) {
        if (strcmp(ac_commands[i].name, name) == 0)
            return &ac_commands[i];
    }
    return NULL;
}

int ac_command_unknown(const char *name)
{
    const char *near = ac_nearest(name, ac_ncommands, command_name, NULL);
    if (near)
        ac_error("there is no command '%s'; did you mean '%s'? `acre help` lists all", name, near);
    else
        ac_error("there is no command '%s'; `acre help` lists all", name);
    return AC_EXIT_USAGE;
}

void ac_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("acre: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

static int long_option_refused(const char *word, const struct option *options, const char *command)
{
    size_t noptions = 0;
    while (options[noptions].name)
        noptions++;
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; i < noptions; i++) {
        if (strcmp(options[i].name, name) == 0) {
            ac_error("option --%s takes no value; see `acre help %s`", name, command);
            return AC_EXIT_USAGE;
        }
    }
    const char *near = ac_nearest(name, noptions, option_name, options);
    if (near)
        ac_error("unknown option --%s; did you mean --%s? See `acre help %s`", name, near, command);
    else
        ac_error("unknown option --%s; see `acre help %s`", name, command);
    return AC_EXIT_USAGE;
}

int ac_option_refused(int answer, char **argv, const struct option *options, const char *command)
{
    const char *word = argv[optind - 1];
    if (answer == ':') {
        ac_error("option %s needs a value; see `acre help %s`", word, command);
        return AC_EXIT_USAGE;
    }
    if (strncmp(word, "--", 2) == 0)
        return long_option_refused(word, options, command);
    ac_error("unknown option -%c; see `acre help %s`", optopt, command);
    return AC_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    opterr = 0;
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

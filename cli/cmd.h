/* SPDX-License-Identifier: MIT
 *
 * cmd.h -- the commands of `acre` and what they have in common: exit statuses, errors, unknown words.
 *
 * A command is one file, cmd_NAME.c, with the function ac_cmd_NAME(), and its rows in command.def. It gets
 * its own argv, with its name in argv[0], reads its options with ac_flag_next() and returns the exit
 * status.
 */
#ifndef AC_CLI_CMD_H
#define AC_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "flag.h"

enum ac_exit {
    AC_EXIT_DONE = 0,
    AC_EXIT_FINDING = 1,          /* something to look at was found                          */
    AC_EXIT_USAGE = 2,            /* the command line is wrong; nothing was done             */
    AC_EXIT_ENVIRONMENT = 3,      /* the machine cannot do it                                */
    AC_EXIT_OWN_FAILURE = 125,    /* acre run: the program was not started, acre's reason    */
    AC_EXIT_NOT_EXECUTABLE = 126, /* acre run: found, but cannot be executed                 */
    AC_EXIT_NOT_FOUND = 127,      /* acre run: no such program                               */
    AC_EXIT_SIGNAL_BASE = 128     /* acre run: plus the number of the signal that ended it   */
};

#define AC_COMMAND(name, ...) int ac_cmd_##name(int argc, char **argv);
#include "command.def"

/* Says that there is no such command, and the nearest one; returns AC_EXIT_USAGE. */
int ac_command_unknown(const char *name);

/* One line "acre: ..." on stderr. */
void ac_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The nearest of `nwords` words read by `word_at`, or NULL when none is close enough to be meant. */
const char *ac_nearest(const char *wanted, size_t nwords, const char *(*word_at)(size_t, const void *),
                       const void *context);

#endif

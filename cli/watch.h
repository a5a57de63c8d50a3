/* SPDX-License-Identifier: MIT
 *
 * watch.h -- runs a program on acre and keeps the look at it where its resident memory was highest.
 */
#ifndef AC_CLI_WATCH_H
#define AC_CLI_WATCH_H

#include "child.h"
#include "look.h"

struct ac_watch {
    struct ac_outcome outcome;
    bool seen; /* `peak` is good */
    struct ac_look peak;
};

/* Returns -1 when the program has run, else the exit status after saying why it did not. */
int ac_watch_run(char **argv, struct ac_watch *out_watch);

#endif

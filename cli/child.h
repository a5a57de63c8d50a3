/* SPDX-License-Identifier: MIT
 *
 * child.h -- runs a program as if nobody stood between it and its starter, and measures it.
 */
#ifndef AC_CLI_CHILD_H
#define AC_CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct ac_outcome {
    pid_t pid;
    int exec_errno;    /* 0: the program was started             */
    int wait_status;   /* as from wait4(2)                       */
    uint64_t start_ns; /* CLOCK_MONOTONIC                      */
    uint64_t wall_ns;
    struct rusage usage; /* with the descendants it waited for */
};

/* Somebody who wants to look at the process while it runs: `look` is called every few ms. */
struct ac_watcher {
    void (*look)(pid_t pid, void *context);
    void *context;
};

/* Starts path with argv and this process's environment, waits for its end. Streams, working directory,
 * process group and signal dispositions stay what they are; a signal sent to this process alone is passed
 * on. `watcher` may be NULL. False with errno when no process could be made. */
bool ac_child_run(const char *path, char **argv, const struct ac_watcher *watcher,
                  struct ac_outcome *out_outcome);

/* The exit status of the wrapper: the program's, or 128 and the number of the signal that ended it. */
int ac_outcome_status(const struct ac_outcome *outcome);

#endif

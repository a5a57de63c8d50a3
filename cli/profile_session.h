/* SPDX-License-Identifier: MIT
 *
 * profile_session.h -- heap profiles of processes: one that runs, whose profiler is started for it, or a
 * program that is run for it.
 */
#ifndef AC_CLI_PROFILE_SESSION_H
#define AC_CLI_PROFILE_SESSION_H

#include "profile.h"

struct ac_profile_order {
    double seconds;      /* to profile for; negative: as long as it takes, see below */
    uint64_t rate_bytes; /* 0: as the process has it set                             */
    bool leaks;          /* of a program: have it look for leaks when it exits       */
};

/* The profile of a process. If its profiler is off, it is on for `seconds` (30 unless given), then
 * stopped; if it is on, it stays on, and what it has so far is read, after `seconds` if those are given.
 * Returns -1, or the exit status after saying what went wrong. */
int ac_profile_process(pid_t pid, const struct ac_profile_order *order, struct ac_profile *out);

/* Starts the profiler of a process and leaves it on, or stops it. Returns the exit status. */
int ac_profile_switch(pid_t pid, bool on, const struct ac_profile_order *order);

/* Runs a program to its end; its segment, to be freed, its name and its exit status. Returns -1, or the exit
 * status after saying what went wrong; the program may have run then. */
int ac_profile_run(char **argv, const struct ac_profile_order *order, struct ac_view *out, char program[64],
                   int *out_status);

/* The profile of a program that is run to its end, its exit status in *out_status. Returns -1, or the exit
 * status after saying what went wrong; the program may have run then. */
int ac_profile_program(char **argv, const struct ac_profile_order *order, struct ac_profile *out,
                       int *out_status);

#endif

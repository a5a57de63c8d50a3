/* SPDX-License-Identifier: MIT
 *
 * process.h -- process ids as people give them, and the processes that run on acre.
 */
#ifndef AC_CLI_PROCESS_H
#define AC_CLI_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* False after saying that it is none. */
bool ac_pid_parse(const char *text, pid_t *out_pid);

/* The ids of all processes that have a state segment, in ascending order; returns how many of at most
 * `max`. */
size_t ac_process_list(pid_t *out_pids, size_t max);

/* By a signal, or by a debugger. */
bool ac_process_is_stopped(pid_t pid);

#endif

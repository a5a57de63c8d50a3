/* SPDX-License-Identifier: MIT
 *
 * cgroup.h -- the memory limit that a process lives under: its control group's, version 2.
 */
#ifndef AC_CLI_CGROUP_H
#define AC_CLI_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ac_cgroup {
    uint64_t current_bytes;
    uint64_t max_bytes; /* 0: no limit                                */
    uint64_t oom_kills; /* processes of it that were ended for memory */
};

/* The nearest group with a limit, going up from the process's own. False when there is no such file
 * system. */
bool ac_cgroup_read(pid_t pid, struct ac_cgroup *out_group);

#endif

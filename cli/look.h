/* SPDX-License-Identifier: MIT
 *
 * look.h -- one look at a process: the numbers of its segment, its page table, its threads, its past.
 *
 * What `acre why`, `acre top` and `acre doctor` have in common.
 */
#ifndef AC_CLI_LOOK_H
#define AC_CLI_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "why.h"

enum { AC_LOOK_MOMENTS = 600 };

/* A thread without a slow path for so long is called idle. */
#define AC_LOOK_IDLE_NS (UINT64_C(60) * 1000000000u)

struct ac_look_thread {
    uint32_t tid;
    uint32_t shard;
    char name[16];
    uint64_t kept_bytes; /* in magazines and outboxes */
    uint64_t refills;
    uint64_t flushes;
    uint64_t remote_frees;
    uint64_t idle_ns; /* since its last slow path */
};

/* A second of the past. */
struct ac_look_moment {
    uint64_t time_ns;
    uint64_t live_bytes;
    uint64_t held_bytes; /* live and free: what the heap is made of */
};

struct ac_look {
    struct ac_why why;
    uint64_t time_ns; /* CLOCK_MONOTONIC of this look */
    uint64_t start_ns;
    uint64_t given_blocks; /* that threads have returned to their spans, ever */
    struct ac_look_thread *threads;
    size_t nthreads;
    size_t nmoments; /* oldest first */
    struct ac_look_moment moments[AC_LOOK_MOMENTS];
};

enum { AC_LOOK_WHY_BYTES = 512 };

/* Looks at a live process. False with a sentence in `why` (of AC_LOOK_WHY_BYTES) that says what to do. */
bool ac_look_at(pid_t pid, struct ac_look *out_look, char *why);

/* Reads what a state file holds; the process it is of may be alive or gone. False as above. */
bool ac_look_at_file(const char *path, struct ac_look *out_look, char *why);

void ac_look_free(struct ac_look *look);

#endif

/* SPDX-License-Identifier: MIT
 *
 * leaks_roots.h -- the memory of the process that is not acre's: data, stacks, thread-local storage,
 * mappings.
 *
 * Knows:      /proc/self/maps, the segment's rows of acre's own memory.
 * Does not know: blocks.
 * Invariants: LR1 what is mapped after ac_leaks_roots_make has begun is no root.
 * Threads:    a copy of the process, alone.
 */
#ifndef AC_REPORT_LEAKS_ROOTS_H
#define AC_REPORT_LEAKS_ROOTS_H

#include "base/compiler.h"

struct ac_leaks_range {
    uintptr_t start;
    uintptr_t end;
    bool shared;
    bool above_guard; /* as a thread's stack is */
};

struct ac_leaks_roots {
    struct ac_leaks_range *list;
    size_t n;
    size_t max;
    struct ac_leaks_range *own; /* acre's, by address, none overlapping */
    size_t nown;
    size_t max_own;
    bool overflow; /* of either */
};

/* False when there is no memory, or the maps cannot be read. */
bool ac_leaks_roots_make(struct ac_leaks_roots *out);

/* Copies what a root holds, piece by piece, to who wants to see it: but for what lies below `sp` on the stack
 * that it is in, and the stacks of threads that have ended. Returns the bytes that were read. */
uint64_t ac_leaks_roots_read(const struct ac_leaks_roots *roots, int pagemap, uintptr_t sp, char *window,
                             size_t window_bytes, void (*see)(void *, const uintptr_t *, size_t),
                             void *context);

#endif

/* SPDX-License-Identifier: MIT
 *
 * prof_modules.h -- which files the code on the recorded stacks was mapped from.
 *
 * Knows:      /proc/self/maps, build ids in ELF headers.
 * Does not know: symbols.
 * Invariants: PM1 a row, once shown, stays: a library that was closed has calls on stacks still.
 * Threads:    the caller holds the profiler's lock. No lock of the loader's is taken.
 */
#ifndef AC_WATCH_PROF_MODULES_H
#define AC_WATCH_PROF_MODULES_H

#include <stdbool.h>
#include <stdint.h>

/* Look at what is mapped if one of these addresses is in nothing known, and that was not done just now. */
void ac_prof_modules_cover(const uintptr_t *addrs, unsigned n);

/* Look at what is mapped, if something was passed by, or in any case. */
void ac_prof_modules_read(bool always);

#endif

/* SPDX-License-Identifier: MIT
 *
 * helper.h -- a short-lived thread that gives memory back while nobody else runs the allocator.
 *
 * Knows:      when there is something to give back.
 * Does not know: the program's threads, except as heaps.
 * Invariants: HE1 at most one helper a process; HE2 it holds no lock while it sleeps and ends itself when
 *             it has nothing to do; HE3 after ac_helper_stop(true) there is none, so that a sandbox
 *             which the process enters then sees none of its system calls.
 * Threads:    ac_helper_poke and ac_helper_stop may be called from any thread outside slow paths.
 */
#ifndef AC_HEAP_HELPER_H
#define AC_HEAP_HELPER_H

#include <stdbool.h>

/* Start the helper if there may be memory to give back. A few loads when not. */
void ac_helper_poke(void);

/* Have the helper end and wait until it has, at most two seconds; with for_good it is never started again,
 * nor in forked children. True when there was one. */
bool ac_helper_stop(bool for_good);

#endif

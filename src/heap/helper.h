/* SPDX-License-Identifier: MIT
 *
 * helper.h -- a short-lived thread that gives memory back while nobody else runs the allocator.
 *
 * Knows:      when there is something to give back.
 * Does not know: the program's threads, except as heaps.
 * Invariants: HE1 at most one helper a process; HE2 it holds no lock while it sleeps and ends itself when
 *             it has nothing to do.
 * Threads:    ac_helper_poke may be called from any thread outside slow paths.
 */
#ifndef AC_HEAP_HELPER_H
#define AC_HEAP_HELPER_H

/* Start the helper if there may be memory to give back. A few loads when not. */
void ac_helper_poke(void);

#endif

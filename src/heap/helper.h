/* SPDX-License-Identifier: MIT
 *
 * helper.h -- a short-lived thread that gives memory back while nobody else runs the allocator.
 *
 * PROTOCOL of start and stop
 * State     alive: its id, cleared by the system at its end. generation: of the process it runs in. starting:
 *           0, or that generation + 1. stop, forbidden: words that end it.
 * Steps     T1 a starter swaps `starting`, fences, and looks whether it runs already or is forbidden. T2
 *           it sets generation and starts it. T3 it clears `starting`. U1 a stopper stores `stop` (and
 *           `forbidden`), fences, looks at `starting` and `alive`, wakes and waits while either says it is
 *           there.
 * Orders    T1 and U1 are Dekker's pattern, with a full fence on both sides. T3 release.
 * ABA       a start cut short by a fork carries the parent's generation and does not count in the child.
 * Progress  a starter that finds another at it goes on without; U1 is bounded.
 *
 * Knows:      when there is something to give back.
 * Does not know: the program's threads, except as heaps.
 * Invariants: HE1 at most one helper a process; HE2 it holds no lock while it sleeps and ends itself when
 *             it has nothing to do and no large heap is in use; HE3 after ac_helper_stop(true) there is
 *             none, so that a sandbox which the process enters then sees none of its system calls.
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

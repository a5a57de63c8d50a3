/* SPDX-License-Identifier: MIT
 *
 * hold.h -- all threads kept from their caches, so that these can be looked at.
 *
 * Knows:      the stealer's steps S1 and S2 of the protocol in heap.h.
 * Does not know: who looks, and for what.
 * Invariants: HO1 while held, the blocks in a bin stay where they are, but for one in a bin whose owner is in
 *             the middle of something; nothing is taken out of them.
 * Threads:    any that has marked itself as in a slow path; the registry is held (ac_thread_hold), all the
 *             time. Owners go on in their slow paths, once each class.
 */
#ifndef AC_HEAP_HOLD_H
#define AC_HEAP_HOLD_H

#include "heap/heap.h"

#include <stdbool.h>

/* `look`, unless NULL, sees each heap held and not yet shut. False when the owners may not have seen it: then
 * their bins may move. */
bool ac_hold_all(void (*look)(void *context, const struct ac_heap *heap), void *context, uint32_t me);
void ac_hold_let_go(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * show.h -- what a thread cache shows of itself in the state segment.
 *
 * Knows:      the cache, its row.
 * Does not know: when it is time to show (thread.c).
 * Invariants: those of core/segment.h.
 * Threads:    whoever holds heap->lock; ac_show_owner: the registry's.
 */
#ifndef AC_HEAP_SHOW_H
#define AC_HEAP_SHOW_H

#include "heap/heap.h"

/* All that it keeps and has counted. */
void ac_show_heap(struct ac_heap *heap);

/* The same for one whose caches have just been emptied: magazines show themselves as that happens. */
void ac_show_emptied(struct ac_heap *heap);

/* It is the calling thread's now, or nobody's. */
void ac_show_owner(struct ac_heap *heap, bool is_mine);

/* All caches from `first` on, but for those in use this very moment. `me` is the id of a caller that is
 * marked as in a slow path, or the helper's. */
void ac_show_all(struct ac_heap *first, uint32_t me);

/* Where all spans are and how much they have handed out: in a forked child, which shows everything anew. */
void ac_show_spans(void);

#endif

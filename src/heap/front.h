/* SPDX-License-Identifier: MIT
 *
 * front.h -- what a thread's pointers lead to instead of its heap: both to shut bins in hardened mode,
 * that of malloc to the profiler's bins while that is on.
 *
 *      malloc --> front bin --empty--> countdown --> heap's bin (a few blocks), or one of AC_SAMPLED_SHARD
 *      free   --> heap's bin, but for blocks of AC_SAMPLED_SHARD
 *
 * Knows:      bins and magazines (the protocol in heap.h holds for the front's bins unchanged), countdowns.
 * Does not know: threads; stacks.
 * Invariants: FR1 a front's key matches no tag and its limits are out of reach, so nothing is pushed into it;
 *             FR2 in the profiler's front there are only blocks that are not to be sampled; FR3 malloc's
 *             pointer changes only while no bin of heap or front is busy; FR4 but in hardened mode, small
 *             blocks that are sampled are of AC_SAMPLED_SHARD, which is no heap's, from their start to
 *             their end.
 * Threads:    the heap's owner; ac_front_begin and _end: one thread at a time.
 */
#ifndef AC_HEAP_FRONT_H
#define AC_HEAP_FRONT_H

#include "heap/heap.h"
#include "watch/prof.h"

#define AC_HEAP_LINES ((unsigned)((sizeof(struct ac_heap) + AC_CACHE_LINE - 1) / AC_CACHE_LINE))

/* No tag of a page-map entry differs from it by less than 256. */
#define AC_HEAP_NO_KEY ((uint64_t)1 << 31)
#define AC_HEAP_SHUT_BINS                                                                                    \
    [0] = {AC_HEAP_NO_KEY, 0, 0}, [1 ... AC_NCLASSES - 1] = {0, AC_BIN_SHUT_BASE, AC_BIN_SHUT_LIMIT}

/* Make the front of a heap that has none. False when memory is exhausted. */
bool ac_front_make(struct ac_heap *heap, uint32_t me);

/* The calling thread's pointer to follow what the profiler is now. The thread is in a slow path without
 * heap->lock, and heap is its own. */
void ac_front_follow(struct ac_heap *heap);

AC_INLINE void ac_front_follow_if_due(struct ac_heap *heap)
{
    if (AC_UNLIKELY(ac_load_acq(&ac_prof_epoch) != heap->prof_epoch))
        ac_front_follow(heap);
}

/* A block from behind an empty front bin, which is busy; it is open afterwards. heap->lock is held. NULL when
 * memory is exhausted. *out_sampled: it is to be recorded once the lock is free. */
void *ac_front_refill(struct ac_heap *front, unsigned class, bool *out_sampled);

/* Let the profiler be begun, with what is live now in all heaps. False when there is no memory. */
bool ac_front_begin(size_t rate_bytes, struct ac_heap *all, uint32_t me);

/* Before the first heap is made: start the profiler if the option says so. */
void ac_front_start(void);

/* In a forked child: begin anew if it was on. */
void ac_front_recover(struct ac_heap *all, uint32_t me);

#endif

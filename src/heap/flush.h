/* SPDX-License-Identifier: MIT
 *
 * flush.h -- emptying a heap: its own thread at its end, or another thread that wants the memory.
 *
 * Knows:      the stealer's steps of the protocol in heap.h.
 * Does not know: why.
 * Invariants: none of its own.
 * Threads:    the caller holds heap->lock.
 */
#ifndef AC_HEAP_FLUSH_H
#define AC_HEAP_FLUSH_H

#include "heap/heap.h"

/* S1: make every operation of the heap's owner take its slow path. */
void ac_flush_shut(struct ac_heap *heap);

/* S3: give back what is cached in bins that are still shut and not busy. Between the two the caller makes
 * sure that the owner has seen S1: it is the caller, or it no longer exists, or ac_os_barrier_all has
 * returned true. */
void ac_flush_steal(struct ac_heap *heap, uint32_t me);

/* Its owner empties the bins whose slow paths have not been taken since the last call, and so the centers of
 * its shard: what they keep pins spans that are free otherwise. */
void ac_flush_untouched(struct ac_heap *heap);

/* Make everything cached be taken for gone, without giving it back. The owner's operation in progress goes
 * on. */
void ac_flush_forget(struct ac_heap *heap);

/* One stealer at a time: a bin found shut has been shut since before the barrier. Taken before heap->lock. */
void ac_flush_lock(uint32_t me);
void ac_flush_unlock(void);
void ac_flush_recover(uint32_t me);

/* The owner gives back what its bins hold. */
void ac_flush_bins(struct ac_heap *heap);

/* Blocks cached in magazines and outbox slots, added up by class; and in bytes. */
void ac_flush_count_cached(const struct ac_heap *heap, uint64_t inout_counts[AC_NCLASSES]);
size_t ac_flush_cached_bytes(const struct ac_heap *heap);

#endif

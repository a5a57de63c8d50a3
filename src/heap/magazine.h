/* SPDX-License-Identifier: MIT
 *
 * magazine.h -- the slow half of a bin: filling it, emptying it, making it larger.
 *
 * Knows:      bins, magazines, the center they belong to.
 * Does not know: which thread calls.
 * Invariants: those of heap.h; MA1 the first `stock` blocks are a shrinking class's, and its bin is then not
 *             open for pops. All functions here want heap->lock held and the bin busy; they leave it
 *             open and not busy.
 * Threads:    the heap's owner (ac_magazine_steal: a stealer).
 */
#ifndef AC_HEAP_MAGAZINE_H
#define AC_HEAP_MAGAZINE_H

#include "heap/heap.h"

/* Threads with a heap: they share the bound of what magazines may hold. Written by the registry, under its
 * lock. */
extern uint32_t ac_magazine_sharers AC_HIDDEN;

/* Get a block when the bin is empty (or was shut). NULL when memory is exhausted. */
void *ac_magazine_refill(struct ac_heap *heap, unsigned class);

/* Take a block of this heap's shard back when the bin is full, shut or still checked. */
void ac_magazine_push(struct ac_heap *heap, unsigned class, void *block);

/* Let the magazine have an array of 2^log2 words, with its `count` blocks in it: one word is HP2's pad.
 * False when memory is exhausted; then all is as it was. */
bool ac_magazine_set_array(struct ac_heap *heap, unsigned class, unsigned log2, unsigned count);

/* Blocks to take at this refill: `first` at the first, twice as many with each, up to half of `room`. A
 * thread that needs one block takes one. */
unsigned ac_magazine_next_batch(struct ac_magazine *mag, unsigned class, unsigned first, unsigned room);

/* Give every block of a bin back to the spans. Wants the bin shut, not busy and heap->lock held, by
 * whomever. */
void ac_magazine_steal(struct ac_heap *heap, unsigned class, uint32_t me);

#endif

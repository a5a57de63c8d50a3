/* SPDX-License-Identifier: MIT
 *
 * nested.h -- allocation where the thread cache cannot be used: in a signal handler that interrupted this
 * very allocator, and in a thread that has no heap (past its end, or out of memory for one).
 *
 * PROTOCOL of the deferred list
 * State     deferred: head of a list of freed blocks, linked through their first words.
 * Roles     handler: pushes blocks it may not give back itself. drainer: any slow path, takes all.
 * Steps     D1 handler writes the link (plain). D2 compare-and-swap on the head, release. D3 drainer swaps
 *           the head with NULL, acquire.
 * Orders    D2 and D3 make D1 visible to the drainer.
 * ABA       harmless: D2 only puts a block in front of the head it saw; nobody pops a single block.
 * Progress  push is lock-free, take is wait-free.
 *
 * Knows:      centers, large blocks.
 * Does not know: magazines.
 * Invariants: NE1 with `wait` false no lock is waited for.
 * Threads:    any.
 */
#ifndef AC_HEAP_NESTED_H
#define AC_HEAP_NESTED_H

#include "core/span.h"

#include <stdbool.h>

/* One block of up to AC_SMALL_MAX_BYTES, from a shard or, when `wait` is false and the shard is busy, from
 * a mapping of its own. */
void *ac_nested_alloc(size_t size, unsigned shard, uint32_t me, bool wait);

/* Give one block back, now when `wait`, at somebody's next slow path otherwise. */
void ac_nested_free(struct ac_span *span, void *block, uint32_t me, bool wait);

/* Give back what handlers have left. The caller may wait for locks. */
void ac_nested_drain(uint32_t me);

#endif

/* SPDX-License-Identifier: MIT
 *
 * hardmag.h -- the magazine of hardened mode: blocks leave it in random order, and not soon.
 *
 * Knows:      bins and magazines (the protocol in heap.h holds unchanged), the center they belong to.
 * Does not know: records, canaries.
 * Invariants: HM1 the first `stock` blocks of a magazine, its quarantine, are not handed out while memory
 *             can be had: base lies behind them; a bin whose limit is open has it full, which is a power of
 *             two. All but ac_hardmag_put* want heap->lock held and the bin busy, and leave it open and not
 *             busy.
 * Threads:    the heap's owner.
 */
#ifndef AC_HEAP_HARDMAG_H
#define AC_HEAP_HARDMAG_H

#include "heap/heap.h"

/* Get a block when the bin is empty (or was shut). NULL when memory is exhausted. */
void *ac_hardmag_refill(struct ac_heap *heap, unsigned class);

/* Not a secret kept well, but not told to anyone either. */
AC_INLINE uint64_t ac_hardmag_next(struct ac_heap *heap)
{
    heap->random = heap->random * 6364136223846793005u + 1442695040888963407u;
    return heap->random;
}

/* Below n, a power of two. */
AC_INLINE unsigned ac_hardmag_random(struct ac_heap *heap, unsigned n)
{
    return (unsigned)(ac_hardmag_next(heap) >> 40) & (n - 1);
}

void ac_hardmag_put_slow(struct ac_heap *heap, size_t index, uint64_t top, void *block);

/* Take a block of this heap's shard back: the way of every free. No lock held. */
AC_INLINE void ac_hardmag_put(struct ac_heap *heap, size_t index, void *block)
{
    uint64_t *words = (uint64_t *)(void *)heap;
    uint64_t top = ac_local_fetch_add(words, index, AC_BIN_BUSY);
    if (AC_UNLIKELY(AC_WORD_AE(top, words, index, AC_BIN_LIMIT))) {
        ac_hardmag_put_slow(heap, index, top, block);
        return;
    }
    struct ac_magazine *mag = &heap->magazines[index / AC_BIN_WORDS];
    void **place = &mag->slots[ac_hardmag_random(heap, mag->stock)];
    *(void **)(uintptr_t)top = *place;
    *place = block;
    ac_compiler_barrier();
    ac_store_rel(&words[index], top + sizeof(void *));
}

#endif

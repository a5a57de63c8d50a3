/* SPDX-License-Identifier: MIT
 *
 * alloc.h -- malloc and free up to 32 KiB, one screen each; all else is a call to a slow path.
 *
 * Knows:      bins, the size table, the window of the page map.
 * Does not know: where slow paths get blocks from; errno (that is api's).
 * Invariants: those of heap.h. tools/check-fastpath counts the instructions.
 * Threads:    any; no lock, no atomic read-modify-write, no fence. Safe in signal handlers.
 */
#ifndef AC_HEAP_ALLOC_H
#define AC_HEAP_ALLOC_H

#include "core/pagemap.h"
#include "heap/heap.h"

/* top: what the bin's top was; the bin is held busy unless it was busy already. NULL when memory is
 * exhausted. */
void *ac_alloc_slow(size_t size, uint64_t top);
void *ac_alloc_large(size_t size);

/* A large block, which may be all zero. */
void *ac_alloc_pages(struct ac_heap *heap, size_t size, size_t align, bool *out_zero);

/* Any block, in hardened mode. */
void *ac_alloc_hardened(size_t size, size_t align, bool *out_zero);

/* In a thread that has no heap and gets none now. Small blocks only with the usual alignment. */
void *ac_alloc_without_heap(size_t size, size_t align, bool *out_zero);

/* The bin was full, shut, checked or busy, or its last block is the one being freed. */
void ac_free_slow(void *block, uint64_t top, size_t index);

/* NULL, another shard's block, a large block, or a pointer outside the window. */
void ac_free_other(void *block);

/* 16 instructions with the return: see docs/design/life-of-an-allocation.md. The slow paths are the
 * caller's, since what is to be done when memory is exhausted is (errno, a new-handler). `then` is for
 * what the bin gave only; it gets the bin's index. */
AC_INLINE void *ac_alloc_then(size_t size, void *(*slow)(size_t, uint64_t), void *(*large)(size_t),
                              void *(*then)(void *, size_t))
{
    if (AC_UNLIKELY(size > AC_SMALL_MAX_BYTES))
        return large(size);
    size_t index = ac_bin_of_size(size);
    uint64_t *words = (uint64_t *)(void *)ac_heap_source;
    uint64_t top = ac_local_fetch_add(words, index, AC_BIN_BUSY);
    if (AC_UNLIKELY(AC_WORD_LE_SIGNED(top, words, index, AC_BIN_BASE)))
        return slow(size, top);
    void *block = ac_compiler_barrier_return(((void **)(uintptr_t)top)[-1]);
    ac_store_rel(&words[index], top - sizeof(void *));
    return then(block, index);
}

AC_INLINE void *ac_alloc_as_it_is(void *block, size_t index)
{
    (void)index;
    return block;
}

AC_INLINE void *ac_alloc_with(size_t size, void *(*slow)(size_t, uint64_t), void *(*large)(size_t))
{
    return ac_alloc_then(size, slow, large, ac_alloc_as_it_is);
}

AC_INLINE void *ac_alloc(size_t size)
{
    return ac_alloc_with(size, ac_alloc_slow, ac_alloc_large);
}

/* Second half of free: index is the bin's in the heap's words. */
AC_INLINE void ac_free_push(struct ac_heap *heap, size_t index, void *block)
{
    uint64_t *words = (uint64_t *)(void *)heap;
    uint64_t top = ac_local_fetch_add(words, index, AC_BIN_BUSY);
    if (AC_UNLIKELY(AC_WORD_AE(top, words, index, AC_BIN_LIMIT)) ||
        AC_UNLIKELY(((void **)(uintptr_t)top)[-1] == block)) {
        ac_free_slow(block, top, index);
        return;
    }
    *(void **)(uintptr_t)top = block;
    ac_compiler_barrier();
    ac_store_rel(&words[index], top + sizeof(void *));
}

/* Index of the bin of a small block of this heap's shard inside the window; over 255 for everything else. */
AC_INLINE size_t ac_free_index(const struct ac_heap *heap, const void *block)
{
    size_t unit = ((uintptr_t)block - ac_window_base) >> AC_UNIT_SHIFT;
    if (AC_UNLIKELY(unit >= AC_WINDOW_UNITS))
        return SIZE_MAX;
    return ac_window_tag(unit) ^ (uint32_t)heap->key;
}

/* 22 instructions with the return, two of them the comparison that catches a block freed twice in a row. */
AC_INLINE void ac_free(void *block)
{
    struct ac_heap *heap = ac_heap_self;
    size_t index = ac_free_index(heap, block);
    if (AC_UNLIKELY(index > 0xff)) {
        ac_free_other(block);
        return;
    }
    ac_free_push(heap, index, block);
}

/* Ends the process when the block is not of the class that `size` has; out of line for all but small
 * blocks of this shard. */
void ac_free_sized_other(void *block, size_t size);

AC_INLINE void ac_free_sized(void *block, size_t size)
{
    struct ac_heap *heap = ac_heap_self;
    if (AC_UNLIKELY(size > AC_SMALL_MAX_BYTES) ||
        AC_UNLIKELY(ac_free_index(heap, block) != ac_bin_of_size(size))) {
        ac_free_sized_other(block, size);
        return;
    }
    ac_free_push(heap, ac_bin_of_size(size), block);
}

#endif

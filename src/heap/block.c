/* SPDX-License-Identifier: MIT */
#include "heap/block.h"

#include "base/bits.h"
#include "core/fault.h"
#include "core/span.h"
#include "heap/alloc.h"
#include "heap/central.h"
#include "heap/hardened.h"
#include "heap/hooks.h"
#include "heap/large.h"
#include "heap/perturb.h"
#include "heap/profile.h"
#include "heap/thread.h"
#include "os/os.h"
#include "watch/guard.h"

#include <string.h>

#define PURGE_TO_CLEAR_BYTES ((size_t)16 << 20)

/* A large block with all that a slow path needs around it. */
static void *large(size_t size, size_t align, bool *out_zero)
{
    struct ac_heap *heap = ac_thread_heap();
    if (ac_harden_is_on())
        return ac_alloc_hardened(size, align, out_zero);
    if (heap == NULL)
        return ac_alloc_without_heap(size, align, out_zero);
    return ac_alloc_pages(heap, size, align, out_zero);
}

/* Much memory is cleared by giving its pages back: what the program does not touch then costs nothing. */
static void clear(void *block, size_t bytes)
{
    if (bytes < PURGE_TO_CLEAR_BYTES || !ac_os_purge(block, bytes))
        memset(block, 0, bytes);
}

static void *clear_class(void *block, size_t index)
{
    return memset(block, 0, ac_sizeclass[index / AC_BIN_WORDS].size_bytes);
}

/* What hardened mode hands out is zero already, unless it was filled. */
static AC_NOINLINE void *zeroed_slow(size_t size, uint64_t top)
{
    void *block = ac_alloc_slow(size, top);
    if (block == NULL)
        return NULL;
    if (ac_guard_owns(block))
        return memset(block, 0, ac_guard_size(block));
    if (!ac_harden_is_on())
        return clear_class(block, ac_bin_of_size(size));
    if (ac_perturb_is_on())
        memset(block, 0, size);
    return block;
}

static AC_NOINLINE void *zeroed_large(size_t size)
{
    bool zero;
    void *block = large(size, AC_GRANULE_BYTES, &zero);
    if (block != NULL && !zero)
        clear(block, ac_block_usable(block));
    return block;
}

void *ac_block_zeroed(size_t size)
{
    return ac_alloc_then(size, zeroed_slow, zeroed_large, clear_class);
}

void *ac_block_aligned(size_t size, size_t align)
{
    if (align <= AC_GRANULE_BYTES)
        return ac_alloc(size);
    unsigned class = ac_class_of_aligned(size, align);
    if (class != 0 && !ac_harden_is_on())
        return ac_alloc(ac_sizeclass[class].size_bytes);
    bool zero;
    return large(size, align, &zero);
}

static AC_COLD struct ac_span *no_span(const void *block, uint64_t entry)
{
    unsigned class = ac_entry_bin(entry) / AC_BIN_WORDS;
    if (ac_entry_shard(entry) == AC_FREED_SHARD)
        ac_fault_raise(AC_FAULT_FREED_USE, block, ac_sizeclass[class].size_bytes,
                       class != 0 ? "its span is free" : "large block");
    ac_fault_raise(AC_FAULT_FOREIGN_USE, block, 0, "stack, static, or another allocator's");
}

/* The span of a block that the program says is live; NULL for libc's own, whose size is stored. */
static struct ac_span *live_span(const void *block, size_t *out_foreign_bytes)
{
    uint64_t entry = ac_pagemap_get(block);
    struct ac_span *span = ac_entry_span(entry);
    if (AC_UNLIKELY(span == NULL)) {
        if (ac_hooks.foreign_usable != NULL && ac_hooks.foreign_usable(block, out_foreign_bytes))
            return NULL;
        return no_span(block, entry);
    }
    if (span->kind == AC_SPAN_SMALL)
        ac_center_check_block(span, block);
    else
        ac_large_check(span, block);
    return span;
}

size_t ac_block_usable(const void *block)
{
    size_t foreign_bytes;
    if (ac_guard_owns(block))
        return ac_guard_size(block);
    struct ac_span *span = live_span(block, &foreign_bytes);
    if (span == NULL)
        return foreign_bytes;
    if (ac_harden_is_on())
        return ac_hardened_size(span, block);
    return span->kind == AC_SPAN_SMALL ? span->size_bytes : span->bytes;
}

static size_t page_round(size_t size)
{
    return ac_align_up(size == 0 ? 1 : size, ac_os_page_size());
}

size_t ac_block_good_size(size_t size)
{
    if (ac_harden_is_on())
        return size > PTRDIFF_MAX ? 0 : size + (size == 0);
    if (size <= AC_SMALL_MAX_BYTES)
        return ac_sizeclass[ac_class_of_size(size)].size_bytes;
    return size > PTRDIFF_MAX ? 0 : page_round(size);
}

static void *resize_large(struct ac_span *span, void *block, size_t size)
{
    struct ac_heap *heap = ac_thread_heap();
    if (!ac_thread_mark(heap))
        return NULL;
    void *same = ac_large_resize(span, block, size, heap == NULL ? ac_thread_id_without_heap() : heap->id);
    ac_thread_unmark(heap);
    return same;
}

static void *resize_hardened_in_place(struct ac_span *span, void *block, size_t size)
{
    void *same = ac_hardened_resize(span, block, size);
    if (same != NULL || span->kind != AC_SPAN_HUGE)
        return same;
    struct ac_heap *heap = ac_thread_heap();
    if (!ac_thread_mark(heap))
        return NULL;
    same = ac_hardened_move(span, size);
    ac_thread_unmark(heap);
    return same;
}

/* For the profiler. They return the block. */
static void *note_resize(void *block, size_t size)
{
    if (AC_UNLIKELY(ac_prof_may_have(block)))
        ac_profile_resize(block, size);
    return block;
}

static void *note_resize_large(const void *old, void *block, size_t size)
{
    struct ac_heap *heap = ac_heap_mine();
    if (ac_profile_counts(heap))
        ac_profile_resize_large(heap, old, block, size);
    return block;
}

static void *move(void *block, size_t old_bytes, size_t size)
{
    void *moved = ac_alloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old_bytes < size ? old_bytes : size);
    ac_free(block);
    return moved;
}

static AC_COLD void *resize_guarded(void *block, size_t size)
{
    size_t old_bytes = ac_guard_size(block);
    return size == old_bytes ? block : move(block, old_bytes, size);
}

static AC_NOINLINE void *resize_hardened(struct ac_span *span, void *block, size_t size)
{
    if (ac_guard_owns(block))
        return resize_guarded(block, size);
    void *same = resize_hardened_in_place(span, block, size);
    if (same == NULL)
        return move(block, ac_hardened_size(span, block), size);
    return same == block ? note_resize(block, size) : note_resize_large(block, same, size);
}

void *ac_block_resize(void *block, size_t size)
{
    size_t old_bytes = 0;
    struct ac_span *span = live_span(block, &old_bytes);
    if (span != NULL && ac_harden_is_on())
        return resize_hardened(span, block, size);
    if (span != NULL && span->kind == AC_SPAN_SMALL) {
        old_bytes = span->size_bytes;
        if (size <= AC_SMALL_MAX_BYTES && ac_class_of_size(size) == span->class)
            return note_resize(block, size);
    } else if (span != NULL) {
        if (ac_guard_owns(block))
            return resize_guarded(block, size);
        if (page_round(size) == span->bytes)
            return note_resize(block, size);
        void *same = size > AC_SMALL_MAX_BYTES ? resize_large(span, block, size) : NULL;
        if (same != NULL)
            return note_resize_large(block, same, size);
        old_bytes = span->bytes;
    }
    void *moved = ac_alloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old_bytes < size ? old_bytes : size);
    if (span != NULL && old_bytes > AC_LARGE_MAX_BYTES && size < old_bytes)
        resize_large(span, block,
                     AC_SMALL_MAX_BYTES + 1); /* what was cut off goes back now, not from a cache */
    ac_free(block);
    return moved;
}

/* A large block holds the size that was asked for or, where a small block could not be had, its class's. */
static bool large_fits(const struct ac_span *span, unsigned class, size_t size)
{
    return span->bytes == page_round(size) ||
           (class != 0 && span->bytes == page_round(ac_sizeclass[class].size_bytes));
}

/* class 0: the block should be large. What is no block at all is left for ac_free to judge. */
static void check_size(const struct ac_span *span, const void *block, unsigned class, size_t size)
{
    bool small = span->kind == AC_SPAN_SMALL;
    bool fits = small ? span->class == class : large_fits(span, class, size);
    if (AC_UNLIKELY(!fits))
        ac_fault_raise(AC_FAULT_WRONG_SIZE, block, span->size_bytes, small ? NULL : "large block");
}

/* Over-aligned blocks of a class are asked for with its size: ac_block_aligned. */
static size_t guarded_size(unsigned class, size_t align, size_t size)
{
    return align > AC_GRANULE_BYTES ? ac_sizeclass[class].size_bytes : size + (size == 0);
}

/* The block was asked for with `size` and, unless it is 0, `align`; or the process ends. */
static void free_checked(void *block, unsigned class, size_t align, size_t size)
{
    const struct ac_span *span = ac_entry_span(ac_pagemap_get(block));
    if (ac_guard_owns(block))
        ac_guard_check_size(block, guarded_size(class, align, size));
    else if (span != NULL && ac_harden_is_on())
        ac_hardened_check_size(span, block, size, align);
    else if (span != NULL)
        check_size(span, block, class, size);
    ac_free(block);
}

AC_NOINLINE void ac_free_sized_other(void *block, size_t size)
{
    if (block == NULL)
        return;
    free_checked(block, size <= AC_SMALL_MAX_BYTES ? ac_class_of_size(size) : 0, 0, size);
}

void ac_block_free_aligned_sized(void *block, size_t align, size_t size)
{
    if (block == NULL)
        return;
    if ((align & (align - 1)) != 0 || ((uintptr_t)block & (align - 1)) != 0)
        ac_fault_raise(AC_FAULT_WRONG_ALIGN, block, 0, "not aligned so");
    unsigned class = align <= AC_GRANULE_BYTES && size <= AC_SMALL_MAX_BYTES
                         ? ac_class_of_size(size)
                         : ac_class_of_aligned(size, align);
    free_checked(block, class, align, size);
}

/* SPDX-License-Identifier: MIT */
#include "heap/alloc.h"

#include "core/fault.h"
#include "core/span.h"
#include "heap/central.h"
#include "heap/hardened.h"
#include "heap/hardmag.h"
#include "heap/hooks.h"
#include "heap/large.h"
#include "heap/magazine.h"
#include "heap/nested.h"
#include "heap/outbox.h"
#include "heap/perturb.h"
#include "heap/profile.h"
#include "heap/thread.h"
#include "watch/guard.h"

#define UNOWNED_SHARD 1u

/* ---- allocation ---- */

/* No heap: past the thread's end or out of memory we may wait, in a handler that interrupted such work we
 * may not. */
void *ac_alloc_without_heap(size_t size, size_t align, bool *out_zero)
{
    void *block;
    if (!ac_thread_is_started())
        return NULL;
    bool wait = ac_thread_enter_without_heap();
    *out_zero = false;
    if (size <= AC_SMALL_MAX_BYTES && align <= AC_GRANULE_BYTES)
        block = ac_nested_alloc(size, UNOWNED_SHARD, ac_thread_id_without_heap(), wait);
    else
        block = ac_large_alloc(size, align, ac_thread_id_without_heap(), !wait, out_zero);
    if (wait)
        ac_thread_leave_without_heap();
    return block;
}

static void *alloc_unowned(size_t size)
{
    bool zero;
    return ac_alloc_without_heap(size, AC_GRANULE_BYTES, &zero);
}

AC_COLD static void *alloc_first(size_t size)
{
    struct ac_heap *heap = ac_thread_heap();
    bool zero;
    if (ac_harden_is_on())
        return ac_alloc_hardened(size, AC_GRANULE_BYTES, &zero);
    return heap == NULL ? alloc_unowned(size) : ac_alloc(size);
}

AC_INLINE void *alloc_refill(struct ac_heap *heap, unsigned class, size_t size, uint64_t top,
                             void *(*refill)(struct ac_heap *, unsigned))
{
    if (AC_UNLIKELY(ac_bin_is_busy(top) || !ac_heap_enter(heap))) {
        ac_store_rlx(&heap->bins[class].top, top);
        return ac_nested_alloc(size, heap->shard, heap->id, false);
    }
    void *block = refill(heap, class);
    if (AC_UNLIKELY(block == NULL)) /* no room for a span: perhaps there is for one block */
        block = ac_large_alloc_small(size, heap->id, false);
    ac_heap_leave(heap);
    return block;
}

static AC_NOINLINE void *pop_hardened_slow(struct ac_heap *heap, unsigned class, uint64_t top)
{
    return alloc_refill(heap, class, ac_sizeclass[class].size_bytes, top, ac_hardmag_refill);
}

AC_INLINE void *pop_hardened(struct ac_heap *heap, unsigned class)
{
    uint64_t *words = (uint64_t *)(void *)heap;
    size_t index = class * AC_BIN_WORDS;
    uint64_t top = ac_local_fetch_add(words, index, AC_BIN_BUSY);
    if (AC_UNLIKELY(AC_WORD_LE_SIGNED(top, words, index, AC_BIN_BASE)))
        return pop_hardened_slow(heap, class, top);
    void *block = ((void **)(uintptr_t)top)[-1];
    ac_compiler_barrier();
    ac_store_rel(&words[index], top - sizeof(void *));
    return block;
}

AC_NOINLINE void *ac_alloc_hardened(size_t size, size_t align, bool *out_zero)
{
    struct ac_heap *heap = ac_thread_heap();
    void *block;
    size += size == 0; /* programs write to what usable size they are told, and expect some */
    unsigned class = ac_hardened_class(size, align);
    *out_zero = class != 0;
    if (AC_UNLIKELY(heap == NULL))
        block = ac_alloc_without_heap(class != 0 ? ac_sizeclass[class].size_bytes : size,
                                      class != 0 ? AC_GRANULE_BYTES : align, out_zero);
    else if (AC_LIKELY(class != 0))
        block = pop_hardened(heap, class);
    else
        block = ac_alloc_pages(heap, size, align, out_zero);
    if (AC_UNLIKELY(block == NULL))
        return NULL;
    if (class != 0 && heap != NULL && ac_profile_counts(heap))
        ac_profile_count(heap, block, size);
    *out_zero = *out_zero || class != 0; /* also a small block that was had as a large one */
    ac_hardened_hand_out(block, size, align);
    return block;
}

/* NULL: an ordinary one is to be had. The bin, if one is held, stays as it is. */
static AC_COLD void *alloc_guarded(struct ac_heap *heap, size_t size)
{
    heap->guard_left = ac_guard_draw();
    if (!ac_heap_mark(heap))
        return NULL;
    void *block = ac_guard_alloc(size + (size == 0), heap->id);
    ac_heap_unmark_quietly(heap);
    return block;
}

static void *malloc_hardened(struct ac_heap *heap, size_t size)
{
    bool zero;
    void *block;
    if (ac_guard_is_due(&heap->guard_left) && (block = alloc_guarded(heap, size)) != NULL)
        return block;
    if (AC_UNLIKELY(size - 1 >= AC_HARDENED_SMALL_MAX - 1))
        return ac_alloc_hardened(size, AC_GRANULE_BYTES, &zero);
    block = pop_hardened(heap, ac_class_of_size(size + 1));
    if (ac_profile_counts(heap))
        ac_profile_count(heap, block, size);
    if (AC_LIKELY(block != NULL))
        ac_hardened_hand_out(block, size, AC_GRANULE_BYTES);
    return block;
}

/* No heap, or not its bins. */
static AC_NOINLINE void *alloc_elsewhere(struct ac_heap *heap, size_t size, uint64_t top)
{
    void *block;
    if (!ac_heap_is_real(heap))
        return alloc_first(size);
    if (ac_harden_is_on())
        block = malloc_hardened(heap->real, size);
    else if (ac_guard_is_due(&heap->guard_left) && (block = alloc_guarded(heap, size)) != NULL)
        ac_profile_leave_bin(heap, size, top);
    else
        block = ac_profile_alloc(heap, size, top);
    ac_perturb_new(block, size);
    return block;
}

/* It began in the front's bin, and a handler has stopped the profiler since. */
static AC_COLD void *alloc_again(struct ac_heap *heap, size_t size, uint64_t top)
{
    ac_store_rlx(&heap->front->bins[ac_class_of_size(size)].top, top);
    return ac_alloc(size);
}

AC_NOINLINE void *ac_alloc_slow(size_t size, uint64_t top)
{
    struct ac_heap *heap = ac_heap_self;
    unsigned class = ac_class_of_size(size);
    if (AC_UNLIKELY(ac_heap_source != heap->bins || heap->real != heap))
        return alloc_elsewhere(heap, size, top);
    if (AC_UNLIKELY(!ac_bin_is_busy(heap->bins[class].top)))
        return alloc_again(heap, size, top);
    void *block = ac_guard_is_due(&heap->guard_left) ? alloc_guarded(heap, size) : NULL;
    if (AC_UNLIKELY(block != NULL))
        ac_store_rlx(&heap->bins[class].top, top);
    else
        block = alloc_refill(heap, class, size, top, ac_magazine_refill);
    ac_perturb_new(block, size);
    return block;
}

void *ac_alloc_pages(struct ac_heap *heap, size_t size, size_t align, bool *out_zero)
{
    bool marked = ac_heap_mark(heap);
    void *block = ac_large_alloc(size, align, heap->id, !marked, out_zero);
    if (AC_LIKELY(marked))
        ac_heap_unmark(heap);
    return marked && ac_profile_counts(heap) ? ac_profile_count(heap, block, size) : block;
}

AC_NOINLINE void *ac_alloc_large(size_t size)
{
    struct ac_heap *heap = ac_thread_heap();
    bool zero;
    if (AC_UNLIKELY(heap == NULL || ac_harden_is_on()))
        return alloc_first(size);
    void *block = ac_alloc_pages(heap, size, AC_GRANULE_BYTES, &zero);
    ac_perturb_new(block, size);
    return block;
}

/* ---- free ---- */

AC_NOINLINE void ac_free_slow(void *block, uint64_t top, size_t index)
{
    struct ac_heap *heap = ac_heap_mine();
    unsigned class = (unsigned)index / AC_BIN_WORDS;
    struct ac_bin *bin = &heap->bins[class];
    if (AC_UNLIKELY(ac_bin_is_busy(top) || heap->in_slow != 0)) {
        ac_store_rlx(&bin->top, top);
        ac_nested_free(ac_entry_span(ac_pagemap_get(block)), block, heap->id, false);
        return;
    }
    if (AC_UNLIKELY(top < ac_load_rlx(&bin->limit)))
        ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, ac_sizeclass[class].size_bytes, NULL);
    ac_heap_enter(heap);
    if (ac_perturb_is_on()) {
        ac_center_check_block(ac_entry_span(ac_pagemap_get(block)), block);
        ac_perturb_freed(block, ac_sizeclass[class].size_bytes);
    }
    ac_magazine_push(heap, class, block);
    ac_heap_leave(heap);
}

/* A unit that was a small span is acre's still. What a huge block left may be another's mapping by now,
 * libc's for one. */
static AC_COLD void free_foreign(void *block, uint64_t entry)
{
    unsigned class = ac_entry_bin(entry) / AC_BIN_WORDS;
    bool freed = ac_entry_shard(entry) == AC_FREED_SHARD;
    uint32_t size_bytes = ac_sizeclass[class].size_bytes;
    enum ac_fault fault = AC_FAULT_FOREIGN_FREE;
    const char *note = "stack, static, another allocator's, or already returned to the system";
    if (!(freed && class != 0) && ac_hooks.foreign_free != NULL && ac_hooks.foreign_free(block))
        return;
    if (freed) {
        fault = AC_FAULT_DOUBLE_FREE;
        note = class != 0 ? "its span is free" : "large block";
    } else if ((uintptr_t)block % AC_GRANULE_BYTES != 0) {
        fault = AC_FAULT_MISALIGNED;
        note = "not acre's";
    }
    ac_fault_report(fault, block, freed ? size_bytes : 0, AC_FAULT_NO_SIZE, note);
}

static void free_large(struct ac_heap *heap, struct ac_span *span, void *block)
{
    if (AC_UNLIKELY(!ac_heap_mark(heap))) {
        ac_nested_free(span, block, heap->id, false);
        return;
    }
    ac_nested_drain(heap->id);
    ac_large_free(span, block, heap->id);
    ac_heap_unmark(heap);
}

static void free_remote(struct ac_heap *heap, struct ac_span *span, unsigned tag, void *block)
{
    bool busy = true;
    struct ac_outbox_slot *slot = NULL;
    if (heap->outbox != NULL) {
        slot = ac_outbox_slot(heap->outbox, tag);
        if (AC_LIKELY(ac_outbox_try_push(slot, tag, block, &busy))) {
            ac_count_add(&heap->remote_frees, 1);
            return;
        }
    }
    if (AC_UNLIKELY((slot != NULL && busy) || !ac_heap_enter(heap))) {
        if (slot != NULL && !busy)
            ac_store_rlx(&slot->bin.top, slot->bin.top - AC_BIN_BUSY);
        ac_nested_free(span, block, heap->id, false);
        return;
    }
    if (slot == NULL && ac_outbox_make(heap)) {
        slot = ac_outbox_slot(heap->outbox, tag);
        ac_local_fetch_add(&slot->bin.top, 0, AC_BIN_BUSY);
    }
    if (slot != NULL)
        ac_outbox_push_slow(heap, slot, tag, block);
    else
        ac_nested_free(span, block, heap->id, true);
    ac_count_add(&heap->remote_frees, 1);
    ac_heap_leave(heap);
}

static AC_COLD void free_unowned(struct ac_span *span, void *block)
{
    bool wait = ac_thread_enter_without_heap();
    ac_nested_free(span, block, ac_thread_id_without_heap(), wait);
    if (wait)
        ac_thread_leave_without_heap();
}

/* The common case of ac_free_other: another shard's block, for which the outbox has a place. */
static bool free_to_outbox(struct ac_heap *heap, void *block)
{
    bool busy;
    size_t unit = ((uintptr_t)block - ac_window_base) >> AC_UNIT_SHIFT;
    if (unit >= AC_WINDOW_UNITS)
        return false;
    unsigned tag = ac_window_tag(unit);
    unsigned shard = tag >> 8;
    if (shard - 1 >= AC_SAMPLED_SHARD - 1 || shard == heap->shard)
        return false;
    struct ac_outbox_slot *slot = ac_outbox_slot(heap->outbox, tag);
    if (slot->tag != tag)
        return false;
    if (!ac_outbox_try_push(slot, tag, block, &busy)) {
        if (!busy)
            ac_store_rlx(&slot->bin.top, slot->bin.top - AC_BIN_BUSY);
        return false;
    }
    ac_count_add(&heap->remote_frees, 1);
    return true;
}

static void push(struct ac_heap *heap, unsigned index, void *block)
{
    if (ac_harden_is_on())
        ac_hardmag_put(heap, index, block);
    else
        ac_free_push(heap, index, block);
}

static void free_found(void *block, uint64_t entry)
{
    struct ac_span *span = ac_entry_span(entry);
    if (AC_UNLIKELY(span == NULL)) {
        free_foreign(block, entry);
        return;
    }
    if (ac_harden_is_on() && span->kind != AC_SPAN_GUARDED && !ac_hardened_retire(span, block))
        return;
    struct ac_heap *heap = ac_thread_heap_to_free();
    unsigned tag = (unsigned)(entry >> 48);
    if (AC_UNLIKELY(ac_prof_may_have(block)) && !ac_profile_forget(heap, span, block))
        return;
    if (AC_UNLIKELY(heap == NULL))
        free_unowned(span, block);
    else if (tag == 0)
        free_large(heap, span, block);
    else if ((tag ^ heap->key) <= 0xff)
        push(heap, tag & 0xff, block);
    else
        free_remote(heap, span, tag, block);
}

static void free_hardened(struct ac_heap *heap, void *block)
{
    uint64_t entry = ac_pagemap_get(block);
    unsigned index = (unsigned)(entry >> 48) ^ (unsigned)heap->key;
    if (AC_UNLIKELY(index > 0xff || index == 0)) {
        free_found(block, entry);
        return;
    }
    if (AC_UNLIKELY(!ac_hardened_retire(ac_entry_span(entry), block)))
        return;
    if (AC_UNLIKELY(ac_prof_may_have(block)) && !ac_profile_forget(heap, ac_entry_span(entry), block))
        return;
    ac_hardmag_put(heap, index, block);
}

static AC_NOINLINE void free_rest(struct ac_heap *heap, void *block)
{
    if (block == NULL)
        return;
    if (heap->real != heap)
        free_hardened(heap->real, block);
    else
        free_found(block, ac_pagemap_get(block));
}

AC_NOINLINE void ac_free_other(void *block)
{
    struct ac_heap *heap = ac_heap_self;
    if (heap->outbox == NULL || !free_to_outbox(heap, block))
        free_rest(heap, block);
}

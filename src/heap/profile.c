/* SPDX-License-Identifier: MIT */
#include "heap/profile.h"

#include "base/bits.h"
#include "core/harden.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/flush.h"
#include "heap/front.h"
#include "heap/magazine.h"
#include "heap/nested.h"
#include "heap/thread.h"
#include "os/os.h"

#include <errno.h>

/* ---- start and stop ---- */

/* So that every thread comes by. Heaps that are born meanwhile wait: they see the epoch, or are shut here.
 * Whoever steals from them has a barrier of its own. */
static void shut_all(uint32_t me)
{
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        ac_lock(&h->lock, me);
        ac_flush_shut(h);
        ac_unlock(&h->lock);
    }
}

static int start_held(size_t rate_bytes, uint32_t me)
{
    if (ac_prof_is_on())
        return EALREADY;
    if (rate_bytes == 0)
        rate_bytes = ac_option_value[AC_OPTION_profile];
    if (!ac_front_begin(rate_bytes, ac_thread_all_heaps(), me))
        return ENOMEM;
    ac_store_rel(&ac_prof_epoch, ac_prof_epoch + 1);
    ac_prof_go();
    shut_all(me);
    return 0;
}

int ac_profile_start(size_t rate_bytes, uint32_t me)
{
    ac_thread_hold(me);
    ac_flush_lock(me);
    int error = start_held(rate_bytes, me);
    ac_flush_unlock();
    ac_thread_let_go();
    return error;
}

int ac_profile_stop(uint32_t me)
{
    ac_thread_hold(me);
    ac_flush_lock(me);
    int error = ac_prof_is_on() ? 0 : EALREADY;
    if (error == 0) {
        ac_prof_halt(me);
        ac_store_rel(&ac_prof_epoch, ac_prof_epoch + 1);
    }
    ac_flush_unlock();
    ac_thread_let_go();
    return error;
}

/* ---- allocation ---- */

/* What is mapped for blocks, whatever they are: somebody has made it more. */
static void note_growth(struct ac_heap *heap)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    size_t mapped_bytes = stats.mapped_bytes + ac_purge_huge_bytes();
    if (AC_LIKELY(!ac_prof_is_growth(mapped_bytes)) || !ac_heap_mark(heap))
        return;
    ac_prof_note_growth(mapped_bytes, heap->id);
    ac_heap_unmark_quietly(heap);
}

static void record(struct ac_heap *heap, const void *block, unsigned class, size_t usable, size_t requested)
{
    if (!ac_heap_mark(heap))
        return;
    ac_prof_take(heap->prof, block, class, usable, requested, heap->id);
    ac_heap_unmark_quietly(heap);
}

/* Whose bin malloc is at work on: the heap's when it began before the pointer led to the front. */
static struct ac_heap *side_of(struct ac_heap *heap, unsigned class)
{
    return ac_bin_is_busy(heap->front->bins[class].top) ? heap->front : heap;
}

void ac_profile_leave_bin(struct ac_heap *heap, size_t size, uint64_t top)
{
    unsigned class = ac_class_of_size(size);
    ac_store_rlx(&side_of(heap, class)->bins[class].top, top);
}

AC_NOINLINE void *ac_profile_alloc(struct ac_heap *heap, size_t size, uint64_t top)
{
    struct ac_heap *front = heap->front;
    unsigned class = ac_class_of_size(size);
    bool sampled = false;
    struct ac_heap *at = side_of(heap, class);
    if (ac_bin_is_busy(top) || !ac_heap_enter(heap)) {
        ac_store_rlx(&at->bins[class].top, top);
        return ac_nested_alloc(size, heap->shard, heap->id, false);
    }
    void *block = at == front ? ac_front_refill(front, class, &sampled) : ac_magazine_refill(heap, class);
    if (AC_UNLIKELY(block == NULL))
        block = ac_nested_alloc(size, heap->shard, heap->id, false);
    ac_heap_leave(heap);
    note_growth(heap);
    if (AC_UNLIKELY(sampled))
        record(heap, block, class, ac_sizeclass[class].size_bytes, size);
    return block;
}

void *ac_profile_count(struct ac_heap *heap, void *block, size_t requested_bytes)
{
    struct ac_span *span = block != NULL ? ac_entry_span(ac_pagemap_get(block)) : NULL;
    if (span == NULL)
        return block;
    unsigned class = span->kind == AC_SPAN_SMALL ? span->class : 0;
    size_t usable = class != 0 ? span->size_bytes : span->bytes;
    note_growth(heap);
    if (class == 0) {
        if (ac_prof_count_large(heap->prof, usable))
            record(heap, block, class, usable, requested_bytes);
        return block;
    }
    uint64_t left = ac_prof_left(heap->prof, class);
    if (left == UINT64_MAX)
        return block;
    heap->prof->left[class] = left - 1;
    if (left == 1)
        record(heap, block, class, usable, requested_bytes);
    return block;
}

/* ---- frees ---- */

bool ac_profile_forget(struct ac_heap *heap, struct ac_span *span, void *block)
{
    if (span == NULL)
        return true;
    if (heap == NULL ? !ac_thread_enter_without_heap() : !ac_heap_mark(heap)) {
        ac_nested_free(span, block, heap == NULL ? ac_thread_id_without_heap() : heap->id, false);
        return false;
    }
    ac_prof_forget(block, heap == NULL ? ac_thread_id_without_heap() : heap->id);
    if (heap == NULL)
        ac_thread_leave_without_heap();
    else
        ac_heap_unmark_quietly(heap);
    return true;
}

void ac_profile_resize(void *block, size_t requested_bytes)
{
    struct ac_heap *heap = ac_heap_mine();
    if (!ac_heap_is_real(heap) || !ac_heap_mark(heap))
        return;
    ac_prof_resize(block, requested_bytes, heap->id);
    ac_heap_unmark_quietly(heap);
}

/* As freed and allocated: whether it is sampled depends on how long it is. */
void ac_profile_resize_large(struct ac_heap *heap, const void *old, void *block, size_t requested_bytes)
{
    if (ac_prof_may_have(old) && ac_heap_mark(heap)) {
        ac_prof_forget(old, heap->id);
        ac_heap_unmark_quietly(heap);
    }
    ac_profile_count(heap, block, requested_bytes);
}

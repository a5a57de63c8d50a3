/* SPDX-License-Identifier: MIT */
#include "heap/flush.h"

#include "heap/central.h"
#include "heap/magazine.h"
#include "heap/outbox.h"

static struct ac_lock stealer_lock;

void ac_flush_lock(uint32_t me)
{
    ac_lock(&stealer_lock, me);
}

void ac_flush_unlock(void)
{
    ac_unlock(&stealer_lock);
}

void ac_flush_recover(uint32_t me)
{
    ac_lock_was_torn(&stealer_lock, me);
}

static bool may_steal(const struct ac_bin *bin)
{
    return ac_load_rlx(&bin->base) == AC_BIN_SHUT_BASE && !ac_bin_is_busy(ac_load_acq(&bin->top));
}

static void bin_shut(struct ac_bin *bin)
{
    ac_store_rlx(&bin->base, AC_BIN_SHUT_BASE);
    ac_store_rlx(&bin->limit, AC_BIN_SHUT_LIMIT);
}

static void shut_bins(struct ac_heap *heap)
{
    for (unsigned c = 1; heap != NULL && c < AC_NCLASSES; c++) {
        if (heap->magazines[c].slots != NULL)
            bin_shut(&heap->bins[c]);
    }
}

static void steal_bins(struct ac_heap *heap, uint32_t me)
{
    for (unsigned c = 1; heap != NULL && c < AC_NCLASSES; c++) {
        if (heap->magazines[c].slots != NULL && may_steal(&heap->bins[c]))
            ac_magazine_steal(heap, c, me);
    }
}

void ac_flush_shut(struct ac_heap *heap)
{
    struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    shut_bins(heap);
    shut_bins(ac_load_acq(&heap->front));
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++)
        bin_shut(&outbox->slots[i].bin);
}

void ac_flush_steal(struct ac_heap *heap, uint32_t me)
{
    struct ac_outbox *outbox = heap->outbox;
    steal_bins(heap, me);
    steal_bins(heap->front, me);
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++) {
        if (may_steal(&outbox->slots[i].bin))
            ac_outbox_steal(&outbox->slots[i], me);
    }
}

void ac_flush_untouched(struct ac_heap *heap)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        struct ac_magazine *mag = &heap->magazines[c];
        bool idle = mag->slots != NULL && !mag->touched && !ac_bin_is_busy(heap->bins[c].top);
        mag->touched = false;
        if (ac_center_peek(heap->shard, c) != NULL)
            ac_center_drain_untouched(ac_center_peek(heap->shard, c), heap->id);
        if (idle) {
            bin_shut(&heap->bins[c]);
            ac_compiler_barrier();
            ac_magazine_steal(heap, c, heap->id);
        }
    }
}

void ac_flush_bins(struct ac_heap *heap)
{
    shut_bins(heap);
    ac_compiler_barrier();
    steal_bins(heap, heap->id);
}

static void forget_bins(struct ac_heap *heap)
{
    for (unsigned c = 1; heap != NULL && c < AC_NCLASSES; c++) {
        if (heap->magazines[c].slots != NULL)
            ac_store_rlx(&heap->magazines[c].emptied, 1);
    }
}

void ac_flush_forget(struct ac_heap *heap)
{
    ac_flush_shut(heap);
    forget_bins(heap);
    forget_bins(heap->front);
    for (unsigned i = 0; heap->outbox != NULL && i < AC_OUTBOX_SLOTS; i++)
        ac_store_rlx(&heap->outbox->slots[i].emptied, 1);
}

void ac_flush_count_cached(const struct ac_heap *heap, uint64_t inout_counts[AC_NCLASSES])
{
    const struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        inout_counts[c] += ac_magazine_count_all(heap, c);
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++) {
        unsigned class = (unsigned)(ac_load_rlx(&outbox->slots[i].tag) & 0xff) / AC_BIN_WORDS;
        inout_counts[class] += ac_outbox_count(&outbox->slots[i]);
    }
}

size_t ac_flush_cached_bytes(const struct ac_heap *heap)
{
    uint64_t counts[AC_NCLASSES] = {0};
    size_t bytes = 0;
    ac_flush_count_cached(heap, counts);
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        bytes += counts[c] * ac_sizeclass[c].size_bytes;
    return bytes;
}

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

void ac_flush_shut(struct ac_heap *heap)
{
    struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        if (heap->magazines[c].slots != NULL)
            bin_shut(&heap->bins[c]);
    }
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++)
        bin_shut(&outbox->slots[i].bin);
}

void ac_flush_steal(struct ac_heap *heap, uint32_t me)
{
    struct ac_outbox *outbox = heap->outbox;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        if (heap->magazines[c].slots != NULL && may_steal(&heap->bins[c]))
            ac_magazine_steal(heap, c, me);
    }
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

void ac_flush_forget(struct ac_heap *heap)
{
    ac_flush_shut(heap);
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        if (heap->magazines[c].slots != NULL)
            ac_store_rlx(&heap->magazines[c].emptied, 1);
    }
    for (unsigned i = 0; heap->outbox != NULL && i < AC_OUTBOX_SLOTS; i++)
        ac_store_rlx(&heap->outbox->slots[i].emptied, 1);
}

size_t ac_flush_cached_bytes(const struct ac_heap *heap)
{
    size_t bytes = 0;
    struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        bytes += (size_t)ac_magazine_count(heap, c) * ac_sizeclass[c].size_bytes;
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++) {
        unsigned class = (unsigned)(ac_load_rlx(&outbox->slots[i].tag) & 0xff) / AC_BIN_WORDS;
        bytes += (size_t)ac_outbox_count(&outbox->slots[i]) * ac_sizeclass[class].size_bytes;
    }
    return bytes;
}

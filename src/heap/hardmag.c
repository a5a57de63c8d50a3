/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 *      slots[0] ... slots[stock-1]    slots[stock] ... slots[count-1]
 *      quarantine, any order          to be handed out, the last one first
 *                                     ^base                       ^top
 *
 * A block that comes back changes places with a random one of the quarantine, and that one goes on top. So
 * a block waits `stock` frees of its class on average, and which one comes next cannot be told from the
 * order of frees. Blocks that come from the shard are mixed with all that are there. Two words more are
 * touched at a free than in default mode.
 */
#include "heap/hardmag.h"

#include "core/pagemap.h"
#include "core/span.h"
#include "heap/central.h"
#include "heap/magazine.h"
#include "heap/nested.h"
#include "heap/thread.h"

#include <string.h>

#define MAX_QUARANTINE 16u
#define QUARANTINE_BYTES 8192u
#define FIRST_LOG2 3u
#define CACHE_BYTES 65536u
/* Refills and flushes before the array doubles. */
#define TURNS 8u
#define FIRST_BATCH 4u
#define FIRST_BATCH_BYTES 1024u

/* Most blocks in quarantine: a power of two, a quarter of a short array. */
static unsigned quarantine_of(unsigned class, unsigned log2)
{
    unsigned size = ac_sizeclass[class].size_bytes;
    unsigned most = size <= QUARANTINE_BYTES / MAX_QUARANTINE ? MAX_QUARANTINE : size <= 2048 ? 4 : 1;
    return 1u << (log2 - 2) < most ? 1u << (log2 - 2) : most;
}

static unsigned random_below(struct ac_heap *heap, unsigned n)
{
    return (unsigned)((ac_hardmag_next(heap) >> 32) * n >> 32);
}

static uint16_t capacity(unsigned class, unsigned log2)
{
    unsigned words = (1u << log2) - 1;
    unsigned by_bytes = quarantine_of(class, log2) + 2 + CACHE_BYTES / ac_sizeclass[class].size_bytes;
    return (uint16_t)(words < by_bytes ? words : by_bytes);
}

static bool grow(struct ac_heap *heap, unsigned class, unsigned log2, unsigned count)
{
    if (!ac_magazine_set_array(heap, class, log2, count))
        return false;
    heap->magazines[class].cap = capacity(class, log2);
    return true;
}

static void grow_in_turn(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    bool useful = mag->log2 < ac_sizeclass[class].magazine_log2 && mag->cap == (1u << mag->log2) - 1;
    if (useful && ++mag->turns > TURNS && grow(heap, class, mag->log2 + 1u, count))
        mag->turns = 0;
}

/* While the quarantine is not full, no push is fast. */
static void bin_open(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    struct ac_bin *bin = &heap->bins[class];
    uint64_t slots = (uint64_t)(uintptr_t)mag->slots;
    bool full = mag->stock == quarantine_of(class, mag->log2);
    ac_store_rlx(&bin->base, slots + mag->stock * sizeof(void *));
    ac_store_rlx(&bin->limit, full ? slots + mag->cap * sizeof(void *) : AC_BIN_SHUT_LIMIT);
    ac_store_rlx(&heap->row->magazines[class], (uint16_t)count);
    ac_compiler_barrier();
    ac_store_rlx(&bin->top, slots + count * sizeof(void *));
}

static unsigned bin_count(struct ac_heap *heap, unsigned class)
{
    struct ac_magazine *mag = &heap->magazines[class];
    uint64_t slots = (uint64_t)(uintptr_t)mag->slots;
    mag->touched = true;
    if (mag->emptied != 0) {
        ac_store_rlx(&mag->emptied, 0);
        mag->stock = 0;
        return 0;
    }
    return slots == 0 ? 0 : (unsigned)((heap->bins[class].top - AC_BIN_BUSY - slots) / sizeof(void *));
}

static void swap(void **a, void **b)
{
    void *was = *a;
    *a = *b;
    *b = was;
}

/* Take a batch and mix it with what is there. */
static unsigned refill(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    struct ac_center *center = ac_center_get(heap->shard, class, heap->id);
    grow_in_turn(heap, class, count);
    unsigned first = ac_sizeclass[class].size_bytes <= FIRST_BATCH_BYTES / FIRST_BATCH ? FIRST_BATCH : 1;
    unsigned want = ac_magazine_next_batch(mag, class, first, mag->cap - mag->stock);
    ac_heap_count(heap, refills);
    unsigned got = center == NULL ? 0 : ac_center_take(center, mag->slots + count, want, heap->id, true);
    for (unsigned i = count; i < count + got; i++)
        swap(&mag->slots[i], &mag->slots[random_below(heap, i + 1)]);
    return count + got;
}

void *ac_hardmag_refill(struct ac_heap *heap, unsigned class)
{
    struct ac_magazine *mag = &heap->magazines[class];
    unsigned count = bin_count(heap, class);
    void *block = NULL;
    if (mag->slots == NULL && !grow(heap, class, FIRST_LOG2, 0)) {
        ac_store_rlx(&heap->bins[class].top, 0);
        return NULL;
    }
    if (count <= mag->stock)
        count = refill(heap, class, count);
    if (count != 0)
        block = mag->slots[--count];
    if (count < mag->stock)
        mag->stock = (uint16_t)count; /* memory is exhausted: the quarantine is all there is */
    bin_open(heap, class, count);
    return block;
}

static unsigned flush(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    unsigned q = mag->stock;
    unsigned n = (count - q + 1) / 2;
    if (n > AC_MAX_BATCH)
        n = AC_MAX_BATCH;
    bool hot = mag->log2 >= ac_sizeclass[class].magazine_log2;
    ac_center_give(ac_center_get(heap->shard, class, heap->id), mag->slots + q, n, heap->id, hot);
    memmove(mag->slots + q, mag->slots + q + n, (count - q - n) * sizeof(void *));
    ac_heap_count(heap, flushes);
    return count - n;
}

static void push(struct ac_heap *heap, unsigned class, void *block)
{
    struct ac_magazine *mag = &heap->magazines[class];
    unsigned count = bin_count(heap, class);
    if (mag->slots == NULL && !grow(heap, class, FIRST_LOG2, 0)) {
        ac_center_give(ac_center_peek(heap->shard, class), &block, 1, heap->id, false);
        ac_store_rlx(&heap->bins[class].top, 0);
        return;
    }
    if (count >= mag->cap)
        grow_in_turn(heap, class, count);
    if (count >= mag->cap)
        count = flush(heap, class, count);
    mag->slots[count] = block;
    if (mag->stock < quarantine_of(class, mag->log2))
        swap(&mag->slots[count], &mag->slots[mag->stock++]);
    else
        swap(&mag->slots[count], &mag->slots[ac_hardmag_random(heap, mag->stock)]);
    bin_open(heap, class, count + 1);
}

AC_NOINLINE void ac_hardmag_put_slow(struct ac_heap *heap, size_t index, uint64_t top, void *block)
{
    struct ac_bin *bin = &heap->bins[index / AC_BIN_WORDS];
    if (AC_UNLIKELY(ac_bin_is_busy(top) || heap->in_slow != 0)) {
        ac_store_rlx(&bin->top, top);
        ac_nested_free(ac_entry_span(ac_pagemap_get(block)), block, heap->id, false);
        return;
    }
    ac_heap_enter(heap);
    push(heap, (unsigned)index / AC_BIN_WORDS, block);
    ac_heap_leave(heap);
}

/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * A magazine is an array of pointers used as a stack. It starts with at most 7 places and 512 bytes (or one
 * block) and grows level by level when it has been empty or full often enough, fourfold in bytes and
 * twofold in places, up to 64 KiB; so a thread that touches a class rarely costs a cache line for it. What
 * all magazines of a thread may hold is bounded too: threads whose sizes are spread over all classes would
 * hold as much in their caches as they use. The first AC_CHECKED_FREES frees of a class in a thread go
 * through here one by one: each is checked exactly (start of a block, handed out, not free, not in this
 * magazine) before the bin opens for the fast path. Later frees are checked when their batch reaches the
 * spans.
 *
 *      slots[-1] pad   slots[0] ... slots[count-1]   ...   slots[cap]
 *                      ^base        top-1: last freed       ^limit (= base while frees are checked)
 *
 * A class that shrinks. Last in, first out hands the block just freed out again. While a program frees more
 * than it allocates (a cache that drops small entries for large ones), that puts one new block into every
 * span that is about to come free, and none does. So after SHRINK_FLUSHES flushes with no refill between
 * them the bin's base is set out of reach: frees go on as before, allocations take the slow path and get
 * blocks from a stock, taken from spans that are in use anyway, a few at a time. Each time the stock is
 * empty the frees since it was filled are weighed against the allocations; when they no longer prevail the
 * bin opens again. A teardown, which allocates nothing, notices none of this.
 *
 *      slots[0] ... slots[stock-1]   slots[stock] ... slots[count-1]
 *      stock: to be handed out       freed since; flushed when full
 */
#include "heap/magazine.h"

#include "core/fault.h"
#include "core/meta.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/central.h"
#include "heap/perturb.h"

#include <string.h>

#define TOP_LEVEL 7u
#define TOP_BYTES_LEVEL 4u
#define FIRST_LOG2 3u
#define FIRST_BYTES 512u
#define CACHE_BYTES 65536u
#define FIRST_TURNS 16u
#define LATER_TURNS 2u
#define SHRINK_FLUSHES 3u
#define STOCK_BLOCKS 32u

uint8_t ac_perturb_byte;
uint32_t ac_magazine_sharers;

static unsigned array_log2(unsigned class, unsigned level)
{
    unsigned most = ac_sizeclass[class].magazine_log2;
    unsigned log2 = FIRST_LOG2 + level;
    return log2 <= most ? log2 : most > FIRST_LOG2 ? most : FIRST_LOG2;
}

/* Blocks a magazine may hold: one word of the array is the pad, and the bytes cached go up fourfold with
 * each level. */
static uint16_t capacity(unsigned class, unsigned level)
{
    uint32_t words = ((uint32_t)1 << array_log2(class, level)) - 1;
    uint32_t bytes = level < TOP_BYTES_LEVEL ? FIRST_BYTES << 2 * level : CACHE_BYTES;
    uint32_t by_bytes = bytes / ac_sizeclass[class].size_bytes;
    uint32_t least = level == 0 ? 1 : 2;
    if (by_bytes < least)
        by_bytes = least;
    return (uint16_t)(words < by_bytes ? words : by_bytes);
}

/* Store the bin's words for `count` blocks; top last, which ends the operation. */
static void bin_open(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    struct ac_bin *bin = &heap->bins[class];
    uint64_t base = (uint64_t)(uintptr_t)mag->slots;
    unsigned room = mag->checked < AC_CHECKED_FREES ? 0 : mag->cap;
    bool shut = ac_perturb_is_on(); /* PT1 */
    ac_store_rlx(&heap->row->magazines[class], (uint16_t)count);
    ac_store_rlx(&bin->base, shut ? AC_BIN_SHUT_BASE : mag->shrinks ? AC_BIN_SHRINK_BASE : base);
    ac_store_rlx(&bin->limit, shut ? AC_BIN_SHUT_LIMIT : base + room * sizeof(void *));
    ac_compiler_barrier();
    ac_store_rlx(&bin->top, base + count * sizeof(void *));
}

static unsigned bin_count(struct ac_heap *heap, unsigned class)
{
    struct ac_magazine *mag = &heap->magazines[class];
    uint64_t base = (uint64_t)(uintptr_t)mag->slots;
    unsigned count = 0;
    if (mag->emptied != 0)
        ac_store_rlx(&mag->emptied, 0);
    else if (base != 0)
        count = (unsigned)((heap->bins[class].top - AC_BIN_BUSY - base) / sizeof(void *));
    if (count == 0) {
        mag->shrinks = false;
        mag->stock = 0;
    }
    return count;
}

static unsigned array_lines(unsigned log2)
{
    return (unsigned)(((size_t)1 << log2) * sizeof(void *) / AC_CACHE_LINE);
}

bool ac_magazine_set_array(struct ac_heap *heap, unsigned class, unsigned log2, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    if (mag->slots != NULL && log2 == mag->log2)
        return true;
    void **array = ac_meta_get(array_lines(log2), heap->id);
    if (array == NULL)
        return false;
    if (mag->slots != NULL) {
        memcpy(array + 1, mag->slots, count * sizeof(void *));
        ac_meta_put(mag->slots - 1, array_lines(mag->log2), heap->id);
    }
    ac_store_rlx(&mag->slots, array + 1);
    mag->log2 = (uint8_t)log2;
    return true;
}

/* Give the magazine the array and the capacity of `level`. */
static bool magazine_grow(struct ac_heap *heap, unsigned class, unsigned level, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    if (!ac_magazine_set_array(heap, class, array_log2(class, level), count))
        return false;
    mag->level = (uint8_t)level;
    mag->cap = capacity(class, level);
    return true;
}

/* The next level at which the magazine holds more; the present one when there is none. */
static unsigned next_level(const struct ac_magazine *mag, unsigned class)
{
    for (unsigned level = mag->level + 1u; level <= TOP_LEVEL; level++) {
        if (capacity(class, level) > mag->cap)
            return level;
    }
    return mag->level;
}

/* What the magazines of all threads may hold is shared out among the threads. */
static bool may_hold(const struct ac_heap *heap, uint32_t bytes)
{
    size_t all = ac_purge_in_use_bytes() / AC_CACHE_SHARE;
    uint32_t sharers = ac_load_rlx(&ac_magazine_sharers);
    size_t bound = (all > AC_CACHE_BYTES ? all : AC_CACHE_BYTES) / (sharers != 0 ? sharers : 1);
    if (bound < AC_THREAD_CACHE_BYTES)
        bound = AC_THREAD_CACHE_BYTES;
    return heap->capacity_bytes + bytes <= bound;
}

/* Make the magazine larger when it has been too small often enough. */
static bool grow_in_turn(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    unsigned enough = mag->level == 0 ? FIRST_TURNS : LATER_TURNS;
    if (mag->turns < enough) {
        mag->turns++;
        return false;
    }
    unsigned level = next_level(mag, class);
    uint32_t more = (capacity(class, level) - mag->cap) * ac_sizeclass[class].size_bytes;
    mag->settled = level == mag->level || !may_hold(heap, more);
    if (mag->settled || !magazine_grow(heap, class, level, count))
        return false;
    heap->capacity_bytes += more;
    mag->turns = 0;
    return true;
}

unsigned ac_magazine_next_batch(struct ac_magazine *mag, unsigned class, unsigned first, unsigned room)
{
    unsigned batch = mag->batch == 0 ? first : mag->batch;
    unsigned most = (room + 1u) / 2;
    if (most > ac_sizeclass[class].batch)
        most = ac_sizeclass[class].batch;
    if (batch > most)
        batch = most;
    mag->batch = (uint16_t)(batch * 2);
    return batch;
}

/* Blocks to take from full spans at once, for a class that shrinks. */
static unsigned stock_size(const struct ac_magazine *mag)
{
    unsigned size = mag->cap / 4u;
    return size > STOCK_BLOCKS ? STOCK_BLOCKS : size == 0 ? 1 : size;
}

static void shrink_begin(struct ac_magazine *mag, unsigned count)
{
    mag->shrinks = true;
    mag->stock = 0;
    mag->balance = (int32_t)stock_size(mag) - (int32_t)count;
}

/* Give the older half of a full magazine to the shard, or, when the class shrinks, all but the stock. */
static unsigned flush(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    struct ac_center *center = ac_center_get(heap->shard, class, heap->id);
    unsigned first = mag->shrinks ? mag->stock : 0;
    unsigned n = mag->shrinks ? count - first : (count + 1) / 2;
    if (n > AC_MAX_BATCH)
        n = AC_MAX_BATCH;
    bool hot = mag->checked >= AC_CHECKED_FREES && mag->settled;
    ac_center_give(center, mag->slots + first, n, heap->id, hot);
    memmove(mag->slots + first, mag->slots + first + n, (count - first - n) * sizeof(void *));
    ac_heap_count(heap, flushes);
    count -= n;
    if (mag->shrinks) {
        mag->balance += (int32_t)n;
    } else if (++mag->flushes == SHRINK_FLUSHES) {
        mag->flushes = 0;
        shrink_begin(mag, count);
    }
    return count;
}

/* Fill the stock when the frees since it was last filled still outnumber the allocations; else the class
 * shrinks no more. Returns the blocks now in the magazine. */
static unsigned stock_fill(struct ac_heap *heap, unsigned class, unsigned count)
{
    struct ac_magazine *mag = &heap->magazines[class];
    unsigned size = stock_size(mag);
    if (mag->balance + (int32_t)count < (int32_t)(size + 3) / 4) {
        mag->shrinks = false;
        return count;
    }
    while (count + size > mag->cap)
        count = flush(heap, class, count);
    struct ac_center *center = ac_center_get(heap->shard, class, heap->id);
    memmove(mag->slots + size, mag->slots, count * sizeof(void *));
    mag->stock = (uint16_t)ac_center_take(center, mag->slots, size, heap->id, false);
    memmove(mag->slots + mag->stock, mag->slots + size, count * sizeof(void *));
    count += mag->stock;
    mag->balance = -(int32_t)count;
    ac_heap_count(heap, refills);
    return count;
}

/* A block from the stock; the last freed one takes its place. */
static void *stock_take(struct ac_magazine *mag, unsigned count)
{
    unsigned at = --mag->stock;
    void *block = mag->slots[at];
    mag->slots[at] = mag->slots[count - 1];
    return block;
}

static unsigned refill(struct ac_heap *heap, unsigned class)
{
    struct ac_magazine *mag = &heap->magazines[class];
    struct ac_center *center = ac_center_get(heap->shard, class, heap->id);
    /* A thread that only allocates has no use for more than two batches. */
    if ((mag->cap + 1u) / 2 < ac_sizeclass[class].batch)
        grow_in_turn(heap, class, 0);
    unsigned want = ac_magazine_next_batch(mag, class, 1, mag->cap);
    mag->flushes = 0;
    ac_heap_count(heap, refills);
    return center == NULL ? 0 : ac_center_take(center, mag->slots, want, heap->id, true);
}

void *ac_magazine_refill(struct ac_heap *heap, unsigned class)
{
    struct ac_magazine *mag = &heap->magazines[class];
    unsigned count = bin_count(heap, class);
    void *block = NULL;
    mag->touched = true;
    if (mag->slots == NULL && !magazine_grow(heap, class, 0, 0)) {
        ac_store_rlx(&heap->bins[class].top, 0);
        return NULL;
    }
    if (mag->shrinks && mag->stock == 0)
        count = stock_fill(heap, class, count);
    if (count == 0)
        count = refill(heap, class);
    if (count != 0)
        block = mag->shrinks && mag->stock != 0 ? stock_take(mag, count) : mag->slots[count - 1];
    bin_open(heap, class, count == 0 ? 0 : count - 1);
    return block;
}

static void check_free(const struct ac_magazine *mag, unsigned class, unsigned count, const void *block)
{
    ac_center_check_block(ac_entry_span(ac_pagemap_get(block)), block);
    for (unsigned i = 0; i < count; i++) {
        if (mag->slots[i] == block)
            ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, ac_sizeclass[class].size_bytes, NULL);
    }
}

void ac_magazine_push(struct ac_heap *heap, unsigned class, void *block)
{
    struct ac_magazine *mag = &heap->magazines[class];
    unsigned count = bin_count(heap, class);
    mag->touched = true;
    if (mag->slots == NULL && !magazine_grow(heap, class, 0, 0)) {
        ac_center_give(ac_center_peek(heap->shard, class), &block, 1, heap->id, false);
        ac_store_rlx(&heap->bins[class].top, 0);
        return;
    }
    if (count != 0 && mag->slots[count - 1] == block)
        ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, ac_sizeclass[class].size_bytes, NULL);
    if (mag->checked < AC_CHECKED_FREES) {
        check_free(mag, class, count, block);
        mag->checked++;
    }
    if (count >= mag->cap) {
        if (!grow_in_turn(heap, class, count))
            count = flush(heap, class, count);
    }
    mag->slots[count] = block;
    bin_open(heap, class, count + 1);
}

void ac_magazine_steal(struct ac_heap *heap, unsigned class, uint32_t me)
{
    struct ac_magazine *mag = &heap->magazines[class];
    uint32_t count = ac_magazine_count(heap, class);
    if (count == 0)
        return;
    ac_center_give(ac_center_peek(heap->shard, class), mag->slots, count, me, false);
    ac_store_rlx(&mag->emptied, 1);
    ac_store_rlx(&heap->row->magazines[class], (uint16_t)0);
}

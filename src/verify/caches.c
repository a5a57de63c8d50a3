/* SPDX-License-Identifier: MIT
 *
 * Magazines, outboxes and transfer caches. That no block is in two of them is found out by setting its bit
 * in its span for as long as the center is locked: the bits of cached blocks are clear, and nobody but the
 * center asks for them. All of them are looked at first, so that a heap that is already wrong is not
 * marked.
 */
#include "verify/verify.h"

#include "base/atomic.h"
#include "core/span.h"
#include "heap/central.h"
#include "heap/front.h"
#include "heap/outbox.h"
#include "heap/thread.h"

#define FIRST_LOG2 3u

enum pass { PASS_LOOK, PASS_MARK, PASS_CLEAR };

struct visit {
    struct ac_verify *verify;
    const struct ac_center *centers;
    unsigned shard;
    enum pass pass;
};

/* ---- what a heap says of itself ---- */

static void verify_magazine(struct ac_verify *verify, const struct ac_heap *heap, unsigned class)
{
    const struct ac_magazine *mag = &heap->magazines[class];
    uint64_t base = ac_load_rlx(&heap->bins[class].base);
    unsigned most_log2 = ac_sizeclass[class].magazine_log2;
    if (mag->slots == NULL || mag->emptied != 0)
        return;
    AC_VERIFY_EQ(verify, "HP2", "the slot below a magazine", mag->slots, (uintptr_t)mag->slots[-1], 0);
    AC_VERIFY_LE(verify, "HP3", "the size of a magazine", mag, mag->log2,
                 most_log2 > FIRST_LOG2 ? most_log2 : FIRST_LOG2);
    AC_VERIFY_LE(verify, "HP3", "the capacity of a magazine", mag, mag->cap, (1u << mag->log2) - 1);
    AC_VERIFY_LE(verify, "HP3", "blocks in a magazine", mag, ac_magazine_count(heap, class), mag->cap);
    if (ac_harden_is_on()) {
        if (base < AC_BIN_SHUT_BASE)
            AC_VERIFY_EQ(verify, "HM1", "where a bin behind its quarantine begins", mag, base,
                         (uint64_t)(uintptr_t)(mag->slots + mag->stock));
        return;
    }
    if (mag->stock != 0)
        AC_VERIFY_EQ(verify, "MA1", "a bin with a stock is open for allocations", mag,
                     base == (uint64_t)(uintptr_t)mag->slots, false);
    if (base < AC_BIN_SHRINK_BASE)
        AC_VERIFY_EQ(verify, "HP2", "where an open bin begins", mag, base, (uint64_t)(uintptr_t)mag->slots);
}

/* FR1: nothing can be pushed. */
static void verify_front(struct ac_verify *verify, const struct ac_heap *front, unsigned class)
{
    if (front == NULL)
        return;
    const struct ac_magazine *mag = &front->magazines[class];
    AC_VERIFY_EQ(verify, "FR1", "the key of a front", front, front->key, AC_HEAP_NO_KEY);
    AC_VERIFY_EQ(verify, "FR1", "the limit of a front's bin", front, front->bins[class].limit,
                 AC_BIN_SHUT_LIMIT);
    if (mag->slots == NULL || mag->emptied != 0)
        return;
    AC_VERIFY_EQ(verify, "HP2", "the slot below a front's bin", mag, (uintptr_t)mag->slots[-1], 0);
    AC_VERIFY_LE(verify, "HP3", "blocks in a front's bin", mag, ac_magazine_count(front, class),
                 (1u << mag->log2) - 1);
}

static unsigned outbox_capacity(const struct ac_outbox_slot *slot)
{
    unsigned size = ac_sizeclass[(slot->tag & 0xff) / AC_BIN_WORDS].size_bytes;
    unsigned by_bytes = size == 0 ? 0 : (AC_OUTBOX_BYTES << slot->level) / size;
    unsigned most = AC_OUTBOX_BLOCKS << slot->level;
    if (by_bytes == 0)
        by_bytes = 1;
    return by_bytes < most ? by_bytes : most;
}

void ac_verify_heap(struct ac_verify *verify, const struct ac_heap *heap)
{
    const struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    AC_VERIFY_EQ(verify, "TH1", "the key of a heap", heap, heap->key, (uint64_t)heap->shard << 8);
    AC_VERIFY_LE(verify, "TH1", "the shard of a heap", heap, heap->shard - 1u, AC_MAX_SHARDS - 1);
    AC_VERIFY_EQ(verify, "LK1", "the owner of a heap's lock", heap, heap->lock.word & ~AC_LOCK_WAITERS,
                 verify->me);
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        verify_magazine(verify, heap, c);
        verify_front(verify, heap->front, c);
    }
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++) {
        const struct ac_outbox_slot *slot = &outbox->slots[i];
        AC_VERIFY_LE(verify, "OB2", "the level of an outbox slot", slot, slot->level, AC_OUTBOX_LEVELS - 1);
        AC_VERIFY_LE(verify, "OB2", "blocks in an outbox slot", slot, ac_outbox_count(slot),
                     outbox_capacity(slot));
    }
}

/* ---- cached blocks ---- */

/* The block's span when it is of this shard and class and not torn; *out_index is its place there. */
static struct ac_span *span_of(const struct visit *visit, void *block, unsigned class, const char *name,
                               uint32_t *out_index)
{
    uint64_t entry = ac_pagemap_get(block);
    struct ac_span *span = ac_entry_span(entry);
    unsigned tag = visit->shard << 8 | class * AC_BIN_WORDS;
    if (span == NULL || entry >> 48 != tag) {
        if (visit->pass == PASS_LOOK)
            ac_verify_breach(visit->verify, name, "a cached block is of another shard or class", block,
                             entry >> 48, tag);
        return NULL;
    }
    if (span->epoch != visit->centers[class].epoch)
        return NULL;
    uint32_t offset = (uint32_t)((uintptr_t)block - span->base);
    *out_index = ac_class_index(offset, span->recip);
    if (*out_index * span->size_bytes == offset && *out_index < span->fresh)
        return span;
    if (visit->pass == PASS_LOOK)
        ac_verify_breach(visit->verify, name, "a cached pointer is no block", block, offset,
                         span->size_bytes);
    return NULL;
}

static void visit_block(const struct visit *visit, void *block, unsigned class, const char *name)
{
    uint32_t i = 0;
    struct ac_span *span = span_of(visit, block, class, name, &i);
    if (span == NULL)
        return;
    uint64_t bit = (uint64_t)1 << (i % 64);
    uint64_t bits = span->free_bits[i / 64];
    if (visit->pass == PASS_LOOK && (bits & bit) != 0)
        ac_verify_breach(visit->verify, name, "a cached block is free in its span", block, 1, 0);
    if (visit->pass == PASS_MARK && (bits & bit) != 0)
        ac_verify_breach(visit->verify, "CE1", "a block is cached twice", block, 2, 1);
    if (visit->pass == PASS_MARK)
        ac_store_rlx(&span->free_bits[i / 64], bits | bit);
    if (visit->pass == PASS_CLEAR)
        ac_store_rlx(&span->free_bits[i / 64], bits & ~bit);
}

static void visit_blocks(const struct visit *visit, void **blocks, unsigned n, unsigned class,
                         const char *name)
{
    for (unsigned i = 0; i < n; i++)
        visit_block(visit, blocks[i], class, name);
}

/* S3 of the protocol in heap.h: whether nothing in the bin is under way. */
static bool stands_still(const struct visit *visit, const struct ac_heap *heap, const struct ac_bin *bin)
{
    if (heap->id == visit->verify->me)
        return !ac_bin_is_busy(bin->top);
    return visit->verify->reached && ac_load_rlx(&bin->base) == AC_BIN_SHUT_BASE &&
           !ac_bin_is_busy(ac_load_acq(&bin->top));
}

/* A bin that stood still may have its owner waiting for heap->lock by now, which makes it busy. So marks are
 * cleared in all of them: what is clear already stays so. */
static void visit_bin(const struct visit *visit, const struct ac_heap *heap, const struct ac_bin *bin,
                      void **blocks, unsigned class, const char *name)
{
    uint64_t top = ac_load_acq(&bin->top) & ~AC_BIN_BUSY; /* a handler may have added another mark */
    uint64_t base = (uint64_t)(uintptr_t)blocks;
    if (blocks == NULL || top < base || (visit->pass != PASS_CLEAR && !stands_still(visit, heap, bin)))
        return;
    visit_blocks(visit, blocks, (unsigned)((top - base) / sizeof(void *)), class, name);
}

static void visit_bins(const struct visit *visit, const struct ac_heap *owner, const struct ac_heap *heap)
{
    for (unsigned c = 1; heap != NULL && c < AC_NCLASSES; c++) {
        const struct ac_magazine *mag = &heap->magazines[c];
        if (mag->emptied == 0)
            visit_bin(visit, owner, &heap->bins[c], mag->slots, c, "HP1");
    }
}

static void visit_heap(const struct visit *visit, struct ac_heap *heap)
{
    struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    if (heap->shard == visit->shard) {
        visit_bins(visit, heap, heap);
        visit_bins(visit, heap, ac_load_acq(&heap->front));
    }
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++) {
        const struct ac_outbox_slot *slot = &outbox->slots[i];
        unsigned class = (unsigned)(slot->tag & 0xff) / AC_BIN_WORDS;
        if (slot->tag >> 8 == visit->shard && slot->emptied == 0)
            visit_bin(visit, heap, &slot->bin, slot->blocks, class, "OB1");
    }
}

static void visit_all(struct visit *visit, enum pass pass)
{
    visit->pass = pass;
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        if (ac_load_rlx(&h->state) == AC_HEAP_LIVE)
            visit_heap(visit, h);
    }
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        const struct ac_center *center = &visit->centers[c];
        if (center->ntransfer <= center->transfer_cap)
            visit_blocks(visit, center->transfer, center->ntransfer, c, "CE1");
    }
}

void ac_verify_cached(struct ac_verify *verify, unsigned shard)
{
    struct visit visit = {verify, ac_center_peek(shard, 0), shard, PASS_LOOK};
    size_t before = verify->nbreaches;
    visit_all(&visit, PASS_LOOK);
    if (verify->nbreaches != before)
        return;
    visit_all(&visit, PASS_MARK);
    visit_all(&visit, PASS_CLEAR);
}

/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * A block that its span does not count as free may still be free: in a magazine, an outbox or a transfer
 * cache. So the caches stand still while their shard is copied (hold.h). First each span is copied, with all
 * that is not free in it as live; then every cached block is struck off in the copy, found there by the
 * address of its span.
 *
 * Large blocks are under no lock. One counts when its page-map entry was the same before and after its
 * descriptor was read.
 */
#include "report/walk.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/pagemap.h"
#include "core/span.h"
#include "heap/central.h"
#include "heap/hold.h"
#include "heap/large.h"
#include "heap/outbox.h"
#include "heap/thread.h"
#include "os/os.h"

#define SPARE_LARGE 64u

/* ---- room ---- */

static size_t span_bytes(size_t nblocks)
{
    return sizeof(struct ac_walk_span) + (nblocks + 63) / 64 * sizeof(uint64_t);
}

static struct ac_walk_part *part_make(size_t max_spans, size_t spans_bytes)
{
    size_t head = sizeof(struct ac_walk_part) + max_spans * sizeof(struct ac_walk_span *);
    size_t bytes = ac_align_up(head + spans_bytes, ac_os_page_size());
    struct ac_walk_part *part = ac_os_map(0, bytes);
    if (part == NULL)
        return NULL;
    part->bytes = bytes;
    part->used_bytes = head;
    part->max_spans = max_spans;
    return part;
}

static struct ac_walk_span *span_add(struct ac_walk_part *part, uintptr_t base, size_t nblocks)
{
    struct ac_walk_span *copy = (void *)((char *)part + part->used_bytes);
    size_t bytes = span_bytes(nblocks);
    if (part->nspans == part->max_spans || bytes > part->bytes - part->used_bytes)
        return NULL;
    part->spans[part->nspans++] = copy;
    part->used_bytes += bytes;
    copy->base = base;
    copy->nblocks = (uint32_t)nblocks;
    return copy;
}

void ac_walk_end(struct ac_walk_part *part)
{
    while (part != NULL) {
        struct ac_walk_part *next = part->next;
        ac_os_unmap(part, part->bytes);
        part = next;
    }
}

/* ---- small blocks ---- */

static struct ac_walk_part *part_of_shard(const struct ac_center *centers)
{
    size_t nspans = 0;
    size_t bytes = 0;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        nspans += centers[c].nspans;
        bytes += centers[c].nspans * span_bytes(ac_sizeclass[c].nobj);
    }
    return part_make(nspans, bytes);
}

static void copy_span(struct ac_walk_part *part, const struct ac_span *span)
{
    struct ac_walk_span *copy = span_add(part, span->base, span->nobj);
    if (copy == NULL)
        return;
    copy->bytes = ac_span_bytes(span);
    copy->block_bytes = span->size_bytes;
    copy->purged_bytes = span->purged_bytes;
    copy->nfree = span->nfree;
    copy->nlive = (uint32_t)(span->fresh - span->nfree);
    copy->shard = span->shard;
    for (unsigned i = 0; i * 64 < span->fresh; i++) {
        unsigned known = span->fresh - i * 64u;
        uint64_t mask = known >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << known) - 1;
        copy->live[i] = ~span->free_bits[i] & mask;
    }
}

/* Spans that a fork tore are left for good, and not counted by their centers either. */
static void copy_spans(struct ac_walk_part *part, const struct ac_center *centers, unsigned shard)
{
    uintptr_t at = 0;
    for (uint64_t entry; ac_pagemap_next(&at, &entry); at += AC_UNIT_BYTES) {
        const struct ac_span *span = ac_entry_span(entry);
        if (ac_entry_shard(entry) != shard || span == NULL || span->base != at)
            continue;
        if (span->epoch == centers[span->class].epoch)
            copy_span(part, span);
    }
}

static struct ac_walk_span *find_span(const struct ac_walk_part *part, uintptr_t base)
{
    size_t low = 0;
    size_t end = part->nspans;
    while (low < end) {
        size_t middle = low + (end - low) / 2;
        if (part->spans[middle]->base < base)
            low = middle + 1;
        else
            end = middle;
    }
    return low < part->nspans && part->spans[low]->base == base ? part->spans[low] : NULL;
}

static void strike(const struct ac_walk_part *part, unsigned shard, const void *block)
{
    uint64_t entry = ac_pagemap_get(block);
    const struct ac_span *span = ac_entry_span(entry);
    if (span == NULL || ac_entry_shard(entry) != shard)
        return;
    struct ac_walk_span *copy = find_span(part, span->base);
    uint32_t i = ac_class_index((uint32_t)((uintptr_t)block - span->base), span->recip);
    if (copy == NULL || i >= copy->nblocks || (copy->live[i / 64] >> (i % 64) & 1) == 0)
        return;
    copy->live[i / 64] &= ~((uint64_t)1 << (i % 64));
    copy->nlive--;
    copy->ncached++;
}

/* n was read before the blocks are: the fence is the one that O4 of heap.h wants of its readers. */
static void strike_all(const struct ac_walk_part *part, unsigned shard, void **blocks, unsigned n)
{
    ac_fence_full();
    for (unsigned i = 0; i < n; i++)
        strike(part, shard, ac_load_rlx(&blocks[i]));
}

static void strike_heap(const struct ac_walk_part *part, unsigned shard, const struct ac_heap *heap)
{
    const struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    for (unsigned c = 1; heap->shard == shard && c < AC_NCLASSES; c++)
        strike_all(part, shard, heap->magazines[c].slots, ac_magazine_count(heap, c));
    for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++) {
        const struct ac_outbox_slot *slot = &outbox->slots[i];
        if (slot->tag >> 8 == shard)
            strike_all(part, shard, slot->blocks, ac_outbox_count(slot));
    }
}

static struct ac_walk_part *copy_locked(const struct ac_center *centers, unsigned shard)
{
    struct ac_walk_part *part = part_of_shard(centers);
    if (part == NULL)
        return NULL;
    copy_spans(part, centers, shard);
    for (const struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        if (h->state != AC_HEAP_LIVE)
            continue;
        strike_heap(part, shard, h);
        if (h->front != NULL)
            strike_heap(part, shard, h->front);
    }
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        strike_all(part, shard, centers[c].transfer, centers[c].ntransfer);
    return part;
}

static void lock_shard(struct ac_center *centers, uint32_t me)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        ac_lock(&centers[c].lock, me);
}

static void unlock_shard(struct ac_center *centers)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        ac_unlock(&centers[c].lock);
}

static struct ac_walk_part *copy_shard(struct ac_center *centers, unsigned shard, uint32_t me)
{
    lock_shard(centers, me);
    struct ac_walk_part *part = copy_locked(centers, shard);
    unlock_shard(centers);
    return part;
}

/* ---- large blocks ---- */

/* False when there is no room for it. */
static bool copy_large(struct ac_walk_part *part, uintptr_t at, uint64_t entry)
{
    const struct ac_span *span = ac_entry_span(entry);
    uintptr_t base = ac_load_acq(&span->base);
    size_t bytes = ac_load_acq(&span->bytes);
    size_t units = ac_load_acq(&span->units);
    bool live = ac_load_acq(&span->state) == AC_SPAN_LIVE && ac_load_acq(&span->size_bytes) == 0;
    if (!live || (base & ~(uintptr_t)(AC_UNIT_BYTES - 1)) != at || bytes == 0 ||
        base - at + bytes > units * AC_UNIT_BYTES || ac_pagemap_get((void *)at) != entry)
        return true;
    struct ac_walk_span *copy = span_add(part, base, 1);
    if (copy == NULL)
        return false;
    copy->bytes = units * AC_UNIT_BYTES;
    copy->block_bytes = bytes;
    copy->nlive = 1;
    copy->live[0] = 1;
    return true;
}

static bool copy_all_large(struct ac_walk_part *part)
{
    uintptr_t at = 0;
    bool room = true;
    for (uint64_t entry; room && ac_pagemap_next(&at, &entry); at += AC_UNIT_BYTES) {
        if (ac_entry_shard(entry) == 0 && ac_entry_span(entry) != NULL)
            room = copy_large(part, at, entry);
    }
    return room;
}

static struct ac_walk_part *copy_large_blocks(void)
{
    for (size_t more = SPARE_LARGE;; more *= 4) {
        size_t max = ac_large_live_objects() + more;
        struct ac_walk_part *part = part_make(max, max * span_bytes(1));
        if (part == NULL || copy_all_large(part))
            return part;
        ac_walk_end(part);
    }
}

/* ---- all ---- */

static bool put_before(struct ac_walk_part **out_part, struct ac_walk_part *part)
{
    if (part == NULL)
        return false;
    part->next = *out_part;
    *out_part = part;
    return true;
}

static bool copy_small_blocks(struct ac_walk_part **out_part, uint32_t me)
{
    bool ok = true;
    ac_thread_hold(me);
    ac_hold_all(NULL, NULL, me);
    for (unsigned shard = AC_MAX_SHARDS; ok && shard >= 1; shard--) {
        struct ac_center *centers = ac_center_peek(shard, 0);
        ok = centers == NULL || put_before(out_part, copy_shard(centers, shard, me));
    }
    ac_hold_let_go();
    ac_thread_let_go();
    return ok;
}

bool ac_walk_take(struct ac_walk_part **out_part, uint32_t me)
{
    *out_part = NULL;
    if (put_before(out_part, copy_large_blocks()) && copy_small_blocks(out_part, me))
        return true;
    ac_walk_end(*out_part);
    *out_part = NULL;
    return false;
}

/* ---- all shards at one moment ---- */

void ac_walk_hold(uint32_t me)
{
    ac_thread_hold(me);
    ac_hold_all(NULL, NULL, me);
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        struct ac_center *centers = ac_center_peek(shard, 0);
        if (centers != NULL)
            lock_shard(centers, me);
    }
}

void ac_walk_let_go(void)
{
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        struct ac_center *centers = ac_center_peek(shard, 0);
        if (centers != NULL)
            unlock_shard(centers);
    }
    ac_hold_let_go();
    ac_thread_let_go();
}

bool ac_walk_take_held(struct ac_walk_part **out_part)
{
    *out_part = NULL;
    bool ok = put_before(out_part, copy_large_blocks());
    for (unsigned shard = AC_MAX_SHARDS; ok && shard >= 1; shard--) {
        const struct ac_center *centers = ac_center_peek(shard, 0);
        ok = centers == NULL || put_before(out_part, copy_locked(centers, shard));
    }
    return ok;
}

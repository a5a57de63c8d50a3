/* SPDX-License-Identifier: MIT
 *
 * The stores of pages and records, and the blocks that are whole runs or mappings.
 */
#include "verify/verify.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/purge.h"
#include "core/span.h"
#include "heap/large.h"
#include "os/os.h"

/* ---- page heap ---- */

static void verify_free_units(struct ac_verify *verify, const struct ac_chunk *chunk)
{
    for (uint64_t left = chunk->free; left != 0; left &= left - 1) {
        void *unit = (void *)(chunk->base + (size_t)__builtin_ctzll(left) * AC_UNIT_BYTES);
        const void *span = ac_entry_span(ac_pagemap_get(unit));
        AC_VERIFY_EQ(verify, "PH1", "a free unit belongs to a span", unit, (uintptr_t)span, 0);
    }
}

static void verify_chunk(struct ac_verify *verify, const struct ac_pageheap *heap,
                         const struct ac_chunk *chunk, unsigned list)
{
    AC_VERIFY_LE(verify, "PH1", "units of a chunk", chunk, chunk->units - 1u, AC_CHUNK_UNITS - 1);
    AC_VERIFY_EQ(verify, "PH1", "the address of a chunk", chunk, chunk->base % AC_UNIT_BYTES, 0);
    if (chunk->units < AC_CHUNK_UNITS)
        AC_VERIFY_EQ(verify, "PH1", "free units beyond a chunk", chunk, chunk->free >> chunk->units, 0);
    AC_VERIFY_EQ(verify, "PH3", "the longest run of a chunk", chunk, chunk->longest,
                 ac_bit_longest_run(chunk->free));
    AC_VERIFY_EQ(verify, "PH3", "the list a chunk is on", chunk, list, chunk->longest);
    AC_VERIFY_EQ(verify, "PH1", "the epoch of a chunk", chunk, chunk->epoch, heap->epoch);
    AC_VERIFY_EQ(verify, "LI1", "a link back", &chunk->link, (uintptr_t)chunk->link.next->prev,
                 (uintptr_t)&chunk->link);
    verify_free_units(verify, chunk);
}

/* Units that are being given back are free and in no chunk's bits meanwhile. */
static void verify_pageheap(struct ac_verify *verify)
{
    const struct ac_pageheap *heap = ac_pageheap_hold(verify->me);
    size_t nchunks = 0;
    size_t nfree = 0;
    size_t ndirty = 0;
    for (unsigned n = 1; heap->ready && n <= AC_CHUNK_UNITS; n++) {
        const struct ac_list *list = &heap->lists[n];
        AC_VERIFY_EQ(verify, "PH3", "whether a list has chunks", list, heap->nonempty >> (n - 1) & 1,
                     !ac_list_is_empty(list));
        for (const struct ac_list *l = list->next; l != list && nchunks <= heap->chunks;
             l = l->next, nchunks++) {
            const struct ac_chunk *chunk = AC_CONTAINER(l, struct ac_chunk, link);
            verify_chunk(verify, heap, chunk, n);
            nfree += (unsigned)__builtin_popcountll(chunk->free);
            ndirty += (unsigned)__builtin_popcountll(chunk->free & chunk->dirty);
        }
    }
    AC_VERIFY_LE(verify, "PH3", "chunks on lists", heap, nchunks, heap->chunks);
    AC_VERIFY_EQ(verify, "PH4", "dirty units", heap, heap->dirty_units, ndirty);
    AC_VERIFY_LE(verify, "PH1", "used and free units against what is mapped", heap, heap->used_units + nfree,
                 heap->mapped_bytes / AC_UNIT_BYTES);
    ac_pageheap_let_go();
}

/* ---- mapping cache and records ---- */

static void verify_extent(struct ac_verify *verify, const struct ac_mapping *m)
{
    AC_VERIFY_EQ(verify, "MC1", "the granule of a kept extent", (void *)m->base,
                 (m->base | m->bytes) % ac_mapcache_granule(), 0);
    for (size_t at = 0; at < m->bytes; at += AC_UNIT_BYTES) {
        void *unit = (void *)(m->base + at);
        const void *span = ac_entry_span(ac_pagemap_get(unit));
        AC_VERIFY_EQ(verify, "MC1", "a kept unit belongs to a span", unit, (uintptr_t)span, 0);
    }
}

static void verify_mapcache(struct ac_verify *verify)
{
    const struct ac_mapcache *cache = ac_mapcache_hold(verify->me);
    size_t bytes = 0;
    uintptr_t end = 0;
    AC_VERIFY_LE(verify, "MC2", "kept extents", cache, cache->count, AC_MAPCACHE_EXTENTS);
    for (unsigned i = 0; i < cache->count && i < AC_MAPCACHE_EXTENTS; i++) {
        const struct ac_mapping *m = &cache->extents[i].m;
        if (m->base <= end || m->bytes == 0)
            ac_verify_breach(verify, "MC2", "a kept extent is empty or touches another", (void *)m->base,
                             m->bytes, end);
        else
            verify_extent(verify, m);
        end = m->base + m->bytes;
        bytes += m->bytes;
    }
    AC_VERIFY_EQ(verify, "MC3", "kept bytes", cache, cache->bytes, bytes);
    ac_mapcache_let_go();
}

static void verify_meta(struct ac_verify *verify)
{
    const struct ac_meta_store *meta = ac_meta_hold(verify->me);
    size_t free_bytes = 0;
    AC_VERIFY_LE(verify, "ME1", "where the next record comes from", meta, (uintptr_t)meta->bump,
                 (uintptr_t)meta->end);
    AC_VERIFY_EQ(verify, "ME1", "the alignment of the next record", meta,
                 (uintptr_t)meta->bump % AC_CACHE_LINE, 0);
    for (unsigned lines = 1; lines <= AC_META_MAX_LINES; lines++) {
        const struct ac_meta_free *record = meta->free[lines];
        while (record != NULL && free_bytes <= meta->used_bytes) {
            if ((uintptr_t)record % AC_CACHE_LINE != 0) {
                ac_verify_breach(verify, "ME2", "a free record is misaligned", record, lines, 0);
                break;
            }
            free_bytes += (size_t)lines * AC_CACHE_LINE;
            record = record->next;
        }
    }
    /* Descriptors that handlers got as pages of their own come in addition: large.c:descriptor_get. */
    AC_VERIFY_LE(verify, "ME2", "free records against records ever made", meta, free_bytes, meta->used_bytes);
    ac_meta_let_go();
}

void ac_verify_stores(struct ac_verify *verify)
{
    verify_pageheap(verify);
    verify_mapcache(verify);
    verify_meta(verify);
}

/* ---- large blocks ---- */

struct large_sums {
    size_t objects;
    size_t bytes;
    size_t run_units;
    size_t huge_bytes;
};

static void verify_run(struct ac_verify *verify, const struct ac_span *span, uint64_t entry)
{
    const struct ac_chunk *chunk = span->chunk;
    unsigned first = (unsigned)((span->base - chunk->base) >> AC_UNIT_SHIFT);
    if (span->base < chunk->base || first + span->units > chunk->units) {
        ac_verify_breach(verify, "PH1", "a large block does not lie in its chunk", span, span->base,
                         chunk->base);
        return;
    }
    uint64_t taken = ac_load_rlx(&chunk->free) & ac_bit_range(first, (unsigned)span->units);
    AC_VERIFY_EQ(verify, "PH1", "units both free and in a large block", span, taken, 0);
    for (size_t u = 0; u < span->units; u++) {
        void *unit = (void *)(ac_span_first_unit(span) + u * AC_UNIT_BYTES);
        AC_VERIFY_EQ(verify, "SP1", "the page-map entry of a unit of a large block", unit,
                     ac_pagemap_get(unit), entry);
    }
}

static void verify_large(struct ac_verify *verify, const struct ac_span *span, uint64_t entry,
                         struct large_sums *sums)
{
    size_t page = ac_os_page_size();
    unsigned most_units = AC_LARGE_MAX_UNITS + (ac_harden_fence_bytes() != 0);
    bool huge = span->kind == AC_SPAN_HUGE;
    AC_VERIFY_EQ(verify, "LA1", "the state of a large block", span, ac_load_rlx(&span->state), AC_SPAN_LIVE);
    AC_VERIFY_EQ(verify, "LA1", "the kind of a large block", span, span->kind,
                 huge ? AC_SPAN_HUGE : AC_SPAN_LARGE);
    AC_VERIFY_LE(verify, "LA1", "usable bytes of a large block", span, span->bytes, ac_span_bytes(span));
    AC_VERIFY_EQ(verify, "LA1", "whole pages of a large block", span, span->bytes % page, 0);
    if (span->kind == AC_SPAN_LARGE && (span->chunk == NULL || span->units > most_units || span->units == 0))
        ac_verify_breach(verify, "LA1", "the run of a large block", span, span->units, most_units);
    else if (span->kind == AC_SPAN_LARGE)
        verify_run(verify, span, entry);
    sums->objects++;
    sums->bytes += span->bytes;
    sums->run_units += huge ? 0 : span->units;
    sums->huge_bytes += huge ? ac_span_bytes(span) : 0;
}

static void verify_entry(struct ac_verify *verify, uintptr_t at, uint64_t entry, struct large_sums *sums)
{
    const struct ac_span *span = ac_entry_span(entry);
    unsigned shard = ac_entry_shard(entry);
    if (span == NULL) {
        AC_VERIFY_EQ(verify, "PM2", "the entry of a unit without a span", (void *)at, shard, AC_FREED_SHARD);
    } else if (shard != 0) {
        AC_VERIFY_LE(verify, "PM2", "the shard of an entry", (void *)at, shard, AC_MAX_SHARDS);
    } else {
        AC_VERIFY_EQ(verify, "PM2", "the bin of a large block's entry", (void *)at, ac_entry_bin(entry), 0);
        if (span->kind == AC_SPAN_GUARDED) {
            AC_VERIFY_LE(verify, "GD3", "where a unit of guarded blocks lies", (void *)at, at - span->base,
                         ac_span_bytes(span) - 1);
            return;
        }
        if (ac_span_first_unit(span) == at)
            verify_large(verify, span, entry, sums);
        else if (span->kind != AC_SPAN_LARGE || at - ac_span_first_unit(span) >= ac_span_bytes(span))
            ac_verify_breach(verify, "SP1", "an entry leads to a large block elsewhere", (void *)at,
                             span->base, at);
    }
}

size_t ac_verify_large(struct ac_verify *verify)
{
    struct large_sums sums = {0};
    uintptr_t at = 0;
    for (uint64_t entry; ac_pagemap_next(&at, &entry); at += AC_UNIT_BYTES)
        verify_entry(verify, at, entry, &sums);
    AC_VERIFY_EQ(verify, "LA1", "large blocks", NULL, sums.objects, ac_large_live_objects());
    AC_VERIFY_EQ(verify, "LA1", "bytes of large blocks", NULL, sums.bytes, ac_large_live_bytes());
    AC_VERIFY_EQ(verify, "LA1", "bytes of huge blocks", NULL, sums.huge_bytes, ac_purge_huge_bytes());
    return sums.run_units + ac_large_held_units();
}

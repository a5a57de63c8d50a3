/* SPDX-License-Identifier: MIT */
#include "heap_check.h"

#include "base/bits.h"
#include "core/mapcache.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "core/span.h"
#include "heap/trim.h"
#include "os/os_fake.h"
#include "unit.h"

static void check_bits(const struct ac_span *span)
{
    unsigned nfree = 0;
    for (unsigned i = 0; i < span->nobj; i++) {
        bool is_free = (span->free_bits[i / 64] >> (i % 64) & 1) != 0;
        nfree += is_free;
        if (is_free) {
            assert_true(i < span->fresh);
            assert_true(i / 64 >= span->first_word);
        }
    }
    assert_int_equal(nfree, span->nfree);
    assert_true(span->fresh <= span->nobj);
}

/* A run of the page heap: all its units lead to it and none is free. */
static void check_run(const struct ac_span *span, uint64_t entry)
{
    const struct ac_chunk *chunk = span->chunk;
    assert_non_null(chunk);
    assert_true(span->base >= chunk->base);
    unsigned first = (unsigned)((span->base - chunk->base) >> AC_UNIT_SHIFT);
    assert_true(first + span->units <= chunk->units);
    assert_int_equal(chunk->free & ac_bit_range(first, (unsigned)span->units), 0);
    assert_int_equal(chunk->longest, ac_bit_longest_run(chunk->free));
    for (size_t u = 0; u < span->units; u++)
        assert_true(ac_pagemap_get((void *)(span->base + u * AC_UNIT_BYTES)) == entry);
}

static void walk_small(const struct ac_span *span, uint64_t entry, struct heap_walk *walk)
{
    unsigned class = span->class;
    assert_in_range(class, 1, AC_NCLASSES - 1);
    assert_int_equal(span->size_bytes, ac_sizeclass[class].size_bytes);
    assert_int_equal(ac_entry_shard(entry), span->shard);
    assert_int_equal(ac_entry_bin(entry), class * AC_BIN_WORDS);
    assert_int_equal(span->nobj, ac_sizeclass[class].nobj);
    check_run(span, entry);
    check_bits(span);
    walk->nspans[class]++;
    walk->out[class] += (size_t)(span->fresh - span->nfree);
    walk->fresh[class] += span->fresh;
    walk->units += span->units;
}

static void walk_large(const struct ac_span *span, uint64_t entry, struct heap_walk *walk)
{
    assert_int_equal(span->state, AC_SPAN_LIVE);
    assert_true(span->bytes <= ac_span_bytes(span));
    walk->large_blocks++;
    walk->large_bytes += span->bytes;
    if (span->kind == AC_SPAN_LARGE) {
        check_run(span, entry);
        walk->units += span->units;
    } else {
        assert_int_equal(span->kind, AC_SPAN_HUGE);
        walk->huge_bytes += ac_span_bytes(span);
    }
}

static void walk_unit(uintptr_t addr, struct heap_walk *walk)
{
    uint64_t entry = ac_pagemap_get((void *)addr);
    const struct ac_span *span = ac_entry_span(entry);
    if (span == NULL || span->base != addr)
        return;
    if (span->kind == AC_SPAN_SMALL)
        walk_small(span, entry, walk);
    else
        walk_large(span, entry, walk);
}

void heap_check_walk(struct heap_walk *out_walk)
{
    uintptr_t base;
    size_t bytes;
    memset(out_walk, 0, sizeof *out_walk);
    for (unsigned i = 0; ac_fake_mapping(i, &base, &bytes); i++) {
        uintptr_t first = ac_align_up(base, AC_UNIT_BYTES);
        for (uintptr_t at = first; at < base + bytes; at += AC_UNIT_BYTES)
            walk_unit(at, out_walk);
    }
}

static void check_classes(const struct heap_walk *walk, const struct ac_snapshot *snapshot)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        const struct ac_state_class *row = &snapshot->classes[c];
        assert_int_equal(row->nspans, walk->nspans[c]);
        assert_int_equal(row->live_objects + row->cached_objects, walk->out[c]);
        assert_int_equal(row->free_objects, walk->fresh[c] - walk->out[c]);
    }
}

void heap_check_counts(size_t live_small, size_t live_large)
{
    static struct heap_walk walk;
    static struct ac_snapshot snapshot;
    heap_check_walk(&walk);
    ac_snapshot_take(&snapshot);
    check_classes(&walk, &snapshot);
    const uint64_t *stats = snapshot.stats;
    size_t span_bytes = 0;
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        span_bytes += walk.nspans[c] * ac_sizeclass[c].span_units * AC_UNIT_BYTES;
    assert_int_equal(stats[AC_STAT_small_live_bytes] + stats[AC_STAT_thread_cache_bytes] +
                         stats[AC_STAT_transfer_cache_bytes] + stats[AC_STAT_span_free_bytes] +
                         stats[AC_STAT_span_fresh_bytes],
                     span_bytes);
    assert_int_equal(stats[AC_STAT_small_live_objects], live_small);
    assert_int_equal(stats[AC_STAT_large_live_objects], live_large);
    assert_int_equal(stats[AC_STAT_large_live_objects], walk.large_blocks);
    assert_int_equal(stats[AC_STAT_large_live_bytes], walk.large_bytes);
    struct ac_pageheap_stats pages;
    ac_pageheap_get_stats(&pages);
    assert_int_equal(pages.used_bytes, walk.units * AC_UNIT_BYTES);
    assert_int_equal(ac_purge_huge_bytes(), walk.huge_bytes);
}

void heap_check_empty(void)
{
    struct ac_pageheap_stats pages;
    ac_trim(0);
    heap_check_counts(0, 0);
    ac_pageheap_get_stats(&pages);
    assert_int_equal(pages.used_bytes, 0);
    assert_int_equal(pages.dirty_bytes, 0);
    assert_int_equal(ac_mapcache_bytes(), 0);
}

/* SPDX-License-Identifier: MIT
 *
 * test_reuse.c -- free memory of one kind serves the other before fresh memory is touched: runs cut from the
 * mapping cache, chunks surrendered to it, huge blocks assembled from its pieces.
 */
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/large.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "heap_check.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>

#define ME 7u
#define U AC_UNIT_BYTES
#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)

static struct ac_pageheap_stats pages(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return stats;
}

/* What is mapped beside blocks, free memory, and what the system would not take back: metadata. */
static size_t other_bytes(void)
{
    size_t known = pages().mapped_bytes + ac_purge_huge_bytes() + ac_mapcache_bytes();
    return ac_fake_mapped_bytes() - known - ac_fake_refused_unmap_bytes();
}

/* The window and the options, as the first allocation of a process makes them. */
static void start(void)
{
    acre_free(acre_malloc(1));
    assert_int_equal(pages().dirty_bytes, 0);
}

static struct ac_span *span_of(const void *block)
{
    return ac_entry_span(ac_pagemap_get(block));
}

static void *alloc(size_t size, bool *out_zero)
{
    void *block = ac_large_alloc(size, AC_GRANULE_BYTES, ME, false, out_zero);
    assert_non_null(block);
    return block;
}

static void release(void *block)
{
    ac_large_free(span_of(block), block, ME);
}

/* A freed huge block, all of it touched. */
static char *keep(size_t bytes)
{
    bool zero;
    char *block = alloc(bytes, &zero);
    memset(block, 0xa5, bytes);
    release(block);
    return block;
}

static bool in(uintptr_t base, const void *block, size_t bytes)
{
    return base >= (uintptr_t)block && base < (uintptr_t)block + bytes;
}

/* ---- runs from what huge blocks left ---- */

static void test_reuse__run_from_a_huge_block(void **state)
{
    struct ac_run run;
    (void)state;
    start();
    char *huge = keep(3 * MIB);
    struct ac_pageheap_stats before = pages();
    uint64_t calls = ac_fake_calls(AC_FAKE_ANY);
    size_t resident = ac_fake_resident_bytes();
    assert_true(ac_pageheap_take(8, 1, &run, ME, false));
    assert_true(in(run.base, huge, 3 * MIB));
    assert_false(run.zero);
    assert_int_equal(ac_fake_calls(AC_FAKE_ANY), calls);
    assert_int_equal(ac_fake_page_state((void *)run.base), AC_FAKE_RESIDENT);
    assert_int_equal(ac_mapcache_bytes(), MIB);
    assert_int_equal(pages().mapped_bytes, before.mapped_bytes + 2 * MIB);
    assert_int_equal(pages().used_bytes, before.used_bytes + 8 * U);
    assert_int_equal(pages().dirty_bytes, 2 * MIB - 8 * U);
    assert_int_equal(ac_fake_resident_bytes(), resident);
    ac_pageheap_give(run.chunk, run.base, 8, 8, ME);
    heap_check_empty();
}

/* Another MiB makes a chunk of 32 units; a kept piece too short for the run is left alone. */
static void test_reuse__runs_from_short_pieces(void **state)
{
    struct ac_run run, second;
    (void)state;
    start();
    char *huge = keep(MIB + 4 * KIB); /* 33 units */
    assert_true(ac_pageheap_take(34, 1, &run, ME, false));
    assert_true(run.zero && !in(run.base, huge, 33 * U));
    assert_int_equal(ac_mapcache_bytes(), 33 * U);
    assert_true(ac_pageheap_take(33, 1, &second, ME, false));
    assert_true(second.base == (uintptr_t)huge && !second.zero);
    assert_int_equal(second.chunk->units, 33);
    assert_int_equal(ac_mapcache_bytes(), 0);
    assert_int_equal(pages().dirty_bytes, 0);
    bool zero;
    assert_false(ac_pageheap_extend(second.chunk, second.base, 33, 1, ME, &zero));
    ac_pageheap_give(second.chunk, second.base, 33, 33, ME);
    assert_int_equal(pages().dirty_bytes, 33 * U);
    ac_pageheap_give(run.chunk, run.base, 34, 34, ME);
    heap_check_empty();
}

static void test_reuse__who_does_not_take_kept_memory(void **state)
{
    struct ac_run run;
    (void)state;
    start();
    char *huge = keep(4 * MIB);
    assert_true(ac_pageheap_take(8, 8, &run, ME, false)); /* aligned */
    assert_true(run.zero && !in(run.base, huge, 4 * MIB));
    assert_true(ac_pageheap_take(8, 1, &run, ME, true)); /* in a handler */
    assert_true(run.zero && !in(run.base, huge, 4 * MIB));
    assert_int_equal(ac_mapcache_bytes(), 4 * MIB);
}

/* Dirty runs of the page heap's own come first, whatever else is free. */
static void test_reuse__own_dirty_runs_first(void **state)
{
    struct ac_run run, again;
    (void)state;
    start();
    assert_true(ac_pageheap_take(8, 1, &run, ME, false));
    char *huge = keep(4 * MIB);
    ac_pageheap_give(run.chunk, run.base, 8, 8, ME);
    assert_true(ac_pageheap_take(8, 1, &again, ME, false));
    assert_true(again.base == run.base);
    assert_int_equal(ac_mapcache_bytes(), 4 * MIB);
    assert_true(ac_pageheap_take(8, 1, &again, ME, false));
    assert_true(in(again.base, huge, 4 * MIB));
}

/* No record for the chunk: the piece stays where it was, and nothing is lost. */
static void test_reuse__no_record_for_the_chunk(void **state)
{
    struct ac_run run;
    (void)state;
    start();
    char *huge = keep(3 * MIB);
    size_t other = other_bytes();
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    while (ac_meta_get(1, ME) != NULL)
        ;
    assert_true(ac_pageheap_take(8, 1, &run, ME, false)); /* from clean memory that has its record */
    assert_true(run.zero && !in(run.base, huge, 3 * MIB));
    ac_fake_heal();
    assert_int_equal(ac_mapcache_bytes(), 3 * MIB);
    assert_int_equal(other_bytes(), other);
    assert_true(ac_pageheap_take(8, 1, &run, ME, false));
    assert_true(in(run.base, huge, 3 * MIB));
}

static void test_reuse__small_blocks_from_a_huge_one(void **state)
{
    static void *blocks[2000];
    (void)state;
    start();
    char *huge = keep(3 * MIB);
    size_t resident = ac_fake_resident_bytes();
    unsigned ninside = 0;
    for (unsigned i = 0; i < 2000; i++) {
        blocks[i] = acre_calloc(1, 1000);
        assert_true(unit_is_zero(blocks[i], 1000));
        ninside += in((uintptr_t)blocks[i], huge, 3 * MIB);
        unit_fill(blocks[i], 1000, i);
    }
    assert_in_range(ninside, 1950, 2000);
    assert_in_range(ac_fake_resident_bytes(), 0, resident + 256 * KIB);
    heap_check_counts(2000, 0);
    for (unsigned i = 0; i < 2000; i++) {
        assert_true(unit_is_filled(blocks[i], 1000, i));
        acre_free(blocks[i]);
    }
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* ---- chunks for huge blocks ---- */

/* Chunks that are wholly free and dirty; free but for one unit; free and clean; free with one dirty unit. */
static void make_chunks(struct ac_run runs[4])
{
    for (unsigned i = 0; i < 4; i++) {
        assert_true(ac_pageheap_take(64, 1, &runs[i], ME, false));
        memset((void *)runs[i].base, 0xa5, i == 2 ? 4096 : 64 * U);
    }
    ac_pageheap_give(runs[0].chunk, runs[0].base, 64, 64, ME);
    ac_pageheap_give(runs[1].chunk, runs[1].base + U, 63, 63, ME);
    ac_os_purge((void *)runs[2].base, 64 * U);
    ac_pageheap_give(runs[2].chunk, runs[2].base, 64, 0, ME);
    ac_pageheap_give(runs[3].chunk, runs[3].base, 64, 1, ME);
}

static void test_reuse__surrender(void **state)
{
    struct ac_run runs[4];
    (void)state;
    start();
    make_chunks(runs);
    struct ac_pageheap_stats before = pages();
    assert_int_equal(before.dirty_bytes, 128 * U);
    assert_false(ac_pageheap_surrender(129 * U, ME)); /* fewer dirty bytes than asked */
    assert_int_equal(pages().chunks, before.chunks);
    assert_true(ac_pageheap_surrender(128 * U, ME));
    assert_int_equal(ac_mapcache_bytes(), 2 * AC_CHUNK_BYTES);
    assert_int_equal(pages().chunks, before.chunks - 2);
    assert_int_equal(pages().mapped_bytes, before.mapped_bytes - 2 * AC_CHUNK_BYTES);
    assert_int_equal(pages().dirty_bytes, 63 * U);
    assert_int_equal(pages().used_bytes, before.used_bytes);
    assert_int_equal(*(unsigned char *)runs[0].base, 0xa5);
    assert_int_equal(ac_entry_shard(ac_pagemap_get((void *)runs[0].base)), AC_FREED_SHARD);
    assert_false(ac_pageheap_surrender(63 * U, ME)); /* no whole chunk */
    bool zero;
    char *huge = alloc(2 * MIB, &zero);
    assert_true(!zero && ((uintptr_t)huge == runs[0].base || (uintptr_t)huge == runs[3].base));
    release(huge);
    ac_pageheap_give(runs[1].chunk, runs[1].base, 1, 1, ME);
    heap_check_empty();
}

static void test_reuse__huge_block_from_chunks(void **state)
{
    bool zero;
    void *runs[12];
    (void)state;
    start();
    for (unsigned i = 0; i < 12; i++) {
        runs[i] = alloc(MIB, &zero);
        memset(runs[i], 0xa5, MIB);
    }
    for (unsigned i = 0; i < 12; i++)
        release(runs[i]);
    size_t resident = ac_fake_resident_bytes();
    uint64_t calls = ac_fake_calls(AC_FAKE_ANY);
    char *huge = alloc(4 * MIB, &zero);
    assert_false(zero);
    assert_int_equal(ac_fake_calls(AC_FAKE_ANY), calls);
    unit_fill(huge, 4 * MIB, 3);
    assert_int_equal(ac_fake_resident_bytes(), resident);
    heap_check_counts(0, 1);
    assert_true(unit_is_filled(huge, 4 * MIB, 3));
    release(huge);
    heap_check_empty();
}

static void free_it(void *block)
{
    acre_free(block);
}

/* Every unit of small blocks that went the long way: span, chunk, mapping cache, huge block. */
static void test_reuse__free_of_a_surrendered_block(void **state)
{
    static void *blocks[5000];
    (void)state;
    start();
    for (unsigned i = 0; i < 5000; i++)
        memset(blocks[i] = acre_malloc(1000), 1, 1000);
    for (unsigned i = 0; i < 5000; i++)
        acre_free(blocks[i]);
    ac_trim_caches(AC_ID_HELPER, false);
    assert_true(ac_pageheap_surrender(MIB, ME));
    unsigned nmoved = 0;
    for (unsigned i = 0; i < 5000; i += 250) {
        bool moved = ac_entry_bin(ac_pagemap_get(blocks[i])) == 0;
        nmoved += moved;
        assert_int_equal(ac_entry_shard(ac_pagemap_get(blocks[i])), AC_FREED_SHARD);
        unit_expect_death(free_it, blocks[i], "acre: double free of 0x");
    }
    assert_in_range(nmoved, 8, 20);
    bool zero;
    char *huge = alloc(4 * MIB, &zero);
    unit_expect_death(free_it, huge + 5 * U, "acre: ");
    heap_check_counts(0, 1);
}

/* More pieces than the cache has places: the oldest go back to the system. */
static void test_reuse__surrender_to_a_full_cache(void **state)
{
    static void *huge[2 * AC_MAPCACHE_EXTENTS];
    struct ac_run runs[4];
    bool zero;
    (void)state;
    start();
    for (unsigned i = 0; i < 2 * AC_MAPCACHE_EXTENTS; i++)
        *(char *)(huge[i] = alloc(MIB + 1, &zero)) = 1;
    make_chunks(runs);
    for (unsigned i = 0; i < 2 * AC_MAPCACHE_EXTENTS; i += 2)
        release(huge[i]);
    size_t kept = ac_mapcache_bytes();
    size_t other = other_bytes();
    assert_int_equal(kept, AC_MAPCACHE_EXTENTS * 33 * U);
    assert_true(ac_pageheap_surrender(100 * U, ME));
    assert_int_equal(ac_fake_page_state(huge[0]), AC_FAKE_ABSENT);
    assert_int_equal(ac_fake_page_state((void *)runs[0].base), AC_FAKE_RESIDENT);
    assert_in_range(ac_mapcache_bytes(), kept + 128 * U - 2 * 33 * U, kept + 128 * U - 33 * U);
    assert_int_equal(other_bytes(), other);
    for (unsigned i = 1; i < 2 * AC_MAPCACHE_EXTENTS; i += 2)
        release(huge[i]);
    ac_pageheap_give(runs[1].chunk, runs[1].base, 1, 1, ME);
    heap_check_empty();
    assert_int_equal(other_bytes(), other);
}

/* ---- huge blocks from pieces ---- */

#define NPIECES 8u
#define PIECE ((size_t)1536 << 10)

/* Kept pieces that are no neighbours, all of them touched. */
static void make_pieces(size_t bytes)
{
    char *blocks[2 * NPIECES];
    bool zero;
    for (unsigned i = 0; i < 2 * NPIECES; i++)
        memset(blocks[i] = alloc(bytes, &zero), 0xa5, i % 2 == 0 ? bytes : 1);
    for (unsigned i = 0; i < 2 * NPIECES; i += 2)
        release(blocks[i]);
    assert_int_equal(ac_mapcache_bytes(), NPIECES * bytes);
}

static void test_reuse__assembled(void **state)
{
    bool zero;
    (void)state;
    start();
    make_pieces(PIECE);
    size_t other = other_bytes();
    size_t resident = ac_fake_resident_bytes();
    char *huge = alloc(4 * MIB, &zero);
    assert_false(zero);
    assert_int_equal(ac_fake_calls(AC_FAKE_MOVE), 3); /* two pieces and a part of a third */
    assert_int_equal(ac_mapcache_bytes(), NPIECES * PIECE - 4 * MIB);
    assert_int_equal(other_bytes(), other);
    unit_fill(huge, 4 * MIB, 5);
    assert_int_equal(ac_fake_resident_bytes(), resident);
    heap_check_counts(0, NPIECES + 1);
    assert_true(unit_is_filled(huge, 4 * MIB, 5));
    release(huge);
    assert_int_equal(ac_mapcache_bytes(), NPIECES * PIECE);
    assert_int_equal(other_bytes(), other);
}

/* More than all pieces have together: the rest is fresh. And zeroed memory is zero, whatever was there. */
static void test_reuse__assembled_and_cleared(void **state)
{
    static const size_t sizes[] = {2 * MIB, 7 * MIB, 9 * MIB, 17 * MIB};
    (void)state;
    start();
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        make_pieces(PIECE);
        uint64_t moves = ac_fake_calls(AC_FAKE_MOVE);
        char *huge = acre_calloc(sizes[i], 1);
        assert_non_null(huge);
        assert_true(ac_fake_calls(AC_FAKE_MOVE) > moves);
        assert_true(unit_is_zero(huge, sizes[i]));
        heap_check_counts(0, (i + 1) * NPIECES + 1);
        acre_free(huge);
        ac_trim(0);
    }
}

static void put_pieces(unsigned n, size_t bytes)
{
    for (unsigned i = 0; i < n; i++) {
        struct ac_mapping m = {(uintptr_t)ac_os_map_aligned(0, bytes, U), bytes};
        assert_non_null(ac_os_map_aligned(0, U, U)); /* a wall */
        ac_mapcache_put(m, &m, ME);
        assert_int_equal(m.bytes, 0);
    }
}

static void test_reuse__short_pieces_are_left_alone(void **state)
{
    bool zero;
    (void)state;
    start();
    put_pieces(5, 96 * KIB); /* within the slack of growth */
    put_pieces(3, 128 * KIB);
    alloc(2 * MIB, &zero);
    assert_false(zero);
    assert_int_equal(ac_fake_calls(AC_FAKE_MOVE), 3);
    assert_int_equal(ac_mapcache_bytes(), 5 * 96 * KIB);
    alloc(2 * MIB, &zero);
    assert_true(zero);
    assert_int_equal(ac_fake_calls(AC_FAKE_MOVE), 3);
    assert_int_equal(ac_mapcache_bytes(), 5 * 96 * KIB);
}

/* ---- the system refuses to move ---- */

/* Returns whether there was a block. Either way nothing is lost that the system has not refused. */
static bool check_refused(size_t bytes)
{
    bool zero = false;
    size_t other = other_bytes();
    size_t nlive = ac_large_live_objects();
    char *huge = ac_large_alloc(bytes, AC_GRANULE_BYTES, ME, false, &zero);
    ac_fake_heal();
    if (huge != NULL) {
        assert_true(!zero || unit_is_zero(huge, bytes));
        unit_fill(huge, bytes, 6);
        heap_check_counts(0, nlive + 1);
        assert_true(unit_is_filled(huge, bytes, 6));
        release(huge);
    }
    assert_int_equal(other_bytes(), other);
    heap_check_counts(0, nlive);
    return huge != NULL;
}

static void test_reuse__move_refused(void **state)
{
    (void)state;
    start();
    for (unsigned nth = 1; nth <= NPIECES + 1; nth++) {
        for (unsigned always = 0; always < 2; always++) {
            make_pieces(PIECE);
            ac_fake_fail(AC_FAKE_MOVE, nth, always != 0);
            assert_true(check_refused(11 * MIB));
            ac_trim(0);
        }
    }
}

/* The addresses of the target may be another's from then on. A second try finds others. */
static void test_reuse__target_lost(void **state)
{
    (void)state;
    start();
    for (unsigned nth = 1; nth <= NPIECES; nth++) {
        for (unsigned always = 0; always < 2; always++) {
            make_pieces(PIECE);
            ac_fake_fail(AC_FAKE_MOVE, nth, always != 0);
            ac_fake_fail(AC_FAKE_MAP, 1, always != 0);
            assert_true(check_refused(11 * MIB));
            ac_trim(0);
        }
    }
}

/* Nothing else is kept that could be given back before the second try. */
static void test_reuse__target_lost_to_the_only_piece(void **state)
{
    (void)state;
    start();
    keep(2 * MIB);
    ac_pageheap_release(ME);
    ac_fake_fail(AC_FAKE_MOVE, 1, false);
    ac_fake_fail(AC_FAKE_MAP, 1, false);
    assert_true(check_refused(3 * MIB));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_reuse__run_from_a_huge_block),
    UNIT_TEST(test_reuse__runs_from_short_pieces),
    UNIT_TEST(test_reuse__who_does_not_take_kept_memory),
    UNIT_TEST(test_reuse__own_dirty_runs_first),
    UNIT_TEST(test_reuse__no_record_for_the_chunk),
    UNIT_TEST(test_reuse__small_blocks_from_a_huge_one),
    UNIT_TEST(test_reuse__surrender),
    UNIT_TEST(test_reuse__huge_block_from_chunks),
    UNIT_TEST(test_reuse__free_of_a_surrendered_block),
    UNIT_TEST(test_reuse__surrender_to_a_full_cache),
    UNIT_TEST(test_reuse__assembled),
    UNIT_TEST(test_reuse__assembled_and_cleared),
    UNIT_TEST(test_reuse__short_pieces_are_left_alone),
    UNIT_TEST(test_reuse__move_refused),
    UNIT_TEST(test_reuse__target_lost),
    UNIT_TEST(test_reuse__target_lost_to_the_only_piece),
};
UNIT_MAIN(tests)

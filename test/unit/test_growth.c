/* SPDX-License-Identifier: MIT
 *
 * test_growth.c -- what happens when a program grows: free memory that it cannot use goes back before
 * fresh memory comes (core/purge.c), caches out of use are emptied (ac_flush_untouched). And random work over
 * small, large and huge blocks, where all of this meets.
 */
#include "core/mapcache.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "heap_check.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <pthread.h>

#define ME 7u
#define U AC_UNIT_BYTES
#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)

/* The window and the options, as the first allocation of a process makes them. */
static void start(void)
{
    acre_free(acre_malloc(1));
}

static struct ac_pageheap_stats pages(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return stats;
}

/* ---- before growth ---- */

static size_t peak;

static size_t used_now(void)
{
    return pages().used_bytes + ac_purge_huge_bytes();
}

static size_t footprint(void)
{
    return used_now() + pages().dirty_bytes + ac_mapcache_bytes();
}

static size_t allowed(void)
{
    size_t slack = peak / 8 > MIB / 2 ? peak / 8 : MIB / 2;
    return peak + slack;
}

/* A run of the purge's. What of it is fresh may cost free memory, but only what is too much. */
static struct ac_run take_run(unsigned units, bool judge_partly_fresh)
{
    struct ac_run run;
    size_t purged = pages().purged_bytes;
    size_t before = footprint();
    assert_true(ac_purge_take_run(units, 1, &run, ME));
    memset((void *)run.base, 1, units * U);
    peak = used_now() > peak ? used_now() : peak;
    if (run.zero || (judge_partly_fresh && footprint() > before))
        assert_in_range(footprint(), 0, allowed());
    if (before + units * U <= allowed())
        assert_int_equal(pages().purged_bytes, purged);
    return run;
}

static void give_run(struct ac_run run, unsigned units)
{
    ac_pageheap_give(run.chunk, run.base, units, units, ME);
}

#define NRUNS 400u

/* Runs of two units between pinned ones, then of three, for which the free ones are too short. */
static void alternate(bool judge_partly_fresh)
{
    static struct ac_run two[NRUNS], pin[NRUNS], three[NRUNS];
    for (unsigned i = 0; i < NRUNS; i++) {
        two[i] = take_run(2, judge_partly_fresh);
        pin[i] = take_run(1, judge_partly_fresh);
    }
    for (unsigned i = 0; i < NRUNS; i++)
        give_run(two[i], 2);
    for (unsigned i = 0; i < NRUNS / 2; i++)
        three[i] = take_run(3, judge_partly_fresh);
    for (unsigned i = 0; i < NRUNS / 2; i++)
        give_run(three[i], 3);
    for (unsigned i = 0; i < NRUNS; i++)
        give_run(pin[i], 1);
}

static void test_growth__two_sizes_that_cannot_serve_each_other(void **state)
{
    (void)state;
    alternate(true);
    assert_int_equal(peak, 3 * NRUNS * U);
    assert_true(pages().purged_bytes != 0); /* or the test shows nothing */
    alternate(false);
    alternate(false);
    assert_int_equal(peak, 3 * NRUNS * U);
}

/* What was purged lies between dirty units then, and runs are of both kinds. */
static void test_growth__runs_that_are_partly_fresh(void **state)
{
    size_t empty = ac_fake_resident_bytes();
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        alternate(true);
    assert_in_range(ac_fake_resident_bytes() - empty, 0, allowed() + MIB);
}

/* Kept pieces, no two of which are neighbours, all of them touched. */
static void keep_pieces(unsigned n, size_t bytes)
{
    for (unsigned i = 0; i < n; i++) {
        struct ac_mapping m = {(uintptr_t)ac_os_map_aligned(0, bytes, U), bytes};
        assert_non_null(ac_os_map_aligned(0, U, U)); /* a wall */
        memset((void *)m.base, 1, bytes);
        ac_mapcache_put(m, &m, ME);
        assert_int_equal(m.bytes, 0);
    }
}

static void take_huge(void)
{
    bool zero;
    memset(ac_large_alloc(MIB + 1, AC_GRANULE_BYTES, ME, false, &zero), 1, MIB + 1);
    peak = used_now();
    assert_true(zero);
    assert_in_range(footprint(), 0, allowed());
}

/* The same with mappings, which are too short for the huge blocks that are wanted. */
static void test_growth__counts_kept_mappings(void **state)
{
    (void)state;
    start();
    keep_pieces(5, 96 * KIB); /* less than 512 KiB: always within the slack */
    for (unsigned i = 0; i < 8; i++)
        take_huge();
    assert_int_equal(ac_mapcache_bytes(), 5 * 96 * KIB);
    keep_pieces(20, 96 * KIB);
    take_huge();
    size_t half = (allowed() - peak) / 2;
    assert_in_range(ac_mapcache_bytes(), half - 96 * KIB, half);
    assert_int_equal(ac_mapcache_bytes() + ac_purge_evicted_bytes(), 25 * 96 * KIB);
    take_huge();
    assert_true(ac_mapcache_bytes() >= half - 96 * KIB);
}

/* Up at 8 MiB, then at every eighth more, and never while the program is below its peak. */
static void test_growth__goes_up_at_each_eighth(void **state)
{
    static struct ac_run runs[4000];
    uint32_t last = ac_purge_growth();
    size_t mark = 0;
    (void)state;
    start();
    ac_option_value[AC_OPTION_huge_from] = SIZE_MAX; /* else growth is seen a chunk at a time */
    for (unsigned i = 0; i < 4000; i++) {
        runs[i] = take_run(1, true);
        bool up = used_now() > 8 * MIB && used_now() / 9 * 8 > mark;
        assert_int_equal(ac_purge_growth(), last + up);
        last += up;
        mark = up ? used_now() : mark;
        if (i % 1000 != 999)
            continue;
        for (unsigned k = 0; k < 500; k++) /* down, and up to the same again */
            give_run(runs[k], 1);
        ac_purge_all(0, ME);
        for (unsigned k = 0; k < 500; k++)
            runs[k] = take_run(1, true);
        assert_int_equal(ac_purge_growth(), last);
    }
    assert_in_range(last, 15, 25); /* log(125 MiB / 8 MiB) / log(9/8) = 23.3 */
}

/* The first touch of a chunk makes all of it resident: the rest is dirty, comes first, and can be given back.
 * One that was given back as a whole is filled again. */
static void test_growth__rest_of_a_huge_page_is_dirty(void **state)
{
    static struct ac_run runs[20 * AC_CHUNK_UNITS];
    unsigned n = 0;
    (void)state;
    start();
    ac_option_value[AC_OPTION_huge_from] = 20 * MIB;
    while (pages().used_bytes < 20 * MIB) {
        runs[n++] = take_run(1, false);
        assert_int_equal(pages().dirty_bytes, 0);
    }
    for (unsigned round = 0; round < 2; round++) {
        struct ac_run first = take_run(1, false);
        assert_true(first.virgin && first.zero);
        assert_int_equal(pages().dirty_bytes, AC_CHUNK_BYTES - U);
        struct ac_run second = take_run(1, false);
        assert_ptr_equal(second.chunk, first.chunk);
        assert_false(second.zero || second.fresh);
        give_run(first, 1);
        give_run(second, 1);
        assert_int_equal(pages().dirty_bytes, AC_CHUNK_BYTES);
        ac_purge_all(0, ME);
        assert_int_equal(pages().dirty_bytes, 0);
    }
    while (n > 0)
        give_run(runs[--n], 1);
}

/* ---- caches out of use ---- */

static struct ac_center *center(size_t size)
{
    return ac_center_peek(ac_heap_self->shard, ac_class_of_size(size));
}

static struct ac_bin *bin(size_t size)
{
    return &ac_heap_self->bins[ac_class_of_size(size)];
}

static uint32_t cached(size_t size)
{
    return ac_magazine_count(ac_heap_self, ac_class_of_size(size));
}

static void fill_transfer(size_t size)
{
    void *some[8];
    unsigned n = ac_center_take(center(size), some, 8, AC_ID_HELPER, false);
    ac_center_give(center(size), some, n, AC_ID_HELPER, true);
    assert_true(center(size)->ntransfer != 0);
}

static void use(size_t size)
{
    void *blocks[200];
    for (unsigned i = 0; i < 200; i++)
        blocks[i] = acre_malloc(size);
    for (unsigned i = 0; i < 200; i++)
        acre_free(blocks[i]);
}

static void check_shut(size_t size, bool shut)
{
    assert_int_equal(cached(size) == 0, shut);
    assert_int_equal(bin(size)->base == AC_BIN_SHUT_BASE, shut);
    assert_int_equal(bin(size)->limit == AC_BIN_SHUT_LIMIT, shut);
    if (shut)
        assert_int_equal(center(size)->ntransfer, 0);
}

static void test_growth__untouched_caches_are_flushed(void **state)
{
    (void)state;
    use(64);
    use(1024);
    fill_transfer(64);
    ac_flush_untouched(ac_heap_self);
    check_shut(64, false);
    check_shut(1024, false);
    assert_true(center(64)->ntransfer != 0);
    use(1024);
    ac_flush_untouched(ac_heap_self);
    check_shut(64, true);
    check_shut(1024, false);
    heap_check_counts(0, 0);
    acre_free(acre_malloc(64)); /* opens again */
    check_shut(64, false);
    ac_flush_untouched(ac_heap_self);
    check_shut(64, false);
    check_shut(1024, true);
    acre_free(acre_malloc(1024));
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* The transfer cache of a class that another heap of the shard uses stays. */
static void test_growth__busy_centers_keep_their_cache(void **state)
{
    (void)state;
    use(64);
    for (unsigned i = 0; i < 4; i++) {
        fill_transfer(64);
        ac_flush_untouched(ac_heap_self);
        assert_true(center(64)->ntransfer != 0);
        assert_int_equal(cached(64) != 0, i == 0);
    }
    ac_flush_untouched(ac_heap_self);
    assert_int_equal(center(64)->ntransfer, 0);
    heap_check_counts(0, 0);
}

static void test_growth__growth_flushes_what_is_untouched(void **state)
{
    (void)state;
    use(64);
    uint32_t growth = ac_purge_growth();
    void *first = acre_malloc(9 * MIB);
    assert_int_equal(ac_purge_growth(), growth + 1);
    assert_true(cached(64) != 0);
    void *second = acre_malloc(9 * MIB);
    assert_int_equal(ac_purge_growth(), growth + 2);
    check_shut(64, true);
    acre_free(first);
    acre_free(second);
    heap_check_counts(0, 0);
}

/* A handler that comes between the comparison of an allocation (heap.h: O2) and its end, and in which the
 * heap is found to have grown. */
static void test_growth__busy_bins_are_not_flushed(void **state)
{
    (void)state;
    use(64);
    uint64_t top = bin(64)->top;
    assert_true(top > bin(64)->base);
    bin(64)->top = top + AC_BIN_BUSY;
    for (unsigned i = 0; i < 3; i++) {
        ac_heap_self->growth_seen--;
        acre_free(acre_malloc(100000));
    }
    void *block = ((void **)(uintptr_t)top)[-1];
    bin(64)->top = top - sizeof(void *);
    assert_non_null(ac_entry_span(ac_pagemap_get(block)));
    ac_center_check_block(ac_entry_span(ac_pagemap_get(block)), block); /* in use */
    heap_check_counts(1, 0);
    acre_free(block);
    heap_check_empty();
}

/* ---- threads that share a shard ---- */

static void *use_and_flush(void *arg)
{
    for (unsigned i = 0; i < 50; i++) {
        use(64);
        ac_lock(&ac_heap_self->lock, ac_heap_self->id);
        ac_flush_untouched(ac_heap_self);
        ac_unlock(&ac_heap_self->lock);
    }
    return arg;
}

static void test_growth__threads_flush_a_shared_center(void **state)
{
    pthread_t threads[3];
    (void)state;
    ac_fake_set_conf("shards=1");
    start();
    for (unsigned i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, use_and_flush, NULL);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* ---- everything at once ---- */

#define NSLOTS 600u

static struct {
    void *block;
    size_t size;
} slots[NSLOTS];

static size_t random_size(uint64_t *seed)
{
    uint64_t what = unit_random(seed) % 400;
    if (what == 0)
        return MIB + unit_random(seed) % (3 * MIB);
    if (what < 12)
        return AC_SMALL_MAX_BYTES + 1 + unit_random(seed) % (400 * KIB);
    return 1 + unit_random(seed) % (what < 60 ? 30000 : 1500);
}

static void drop(unsigned k)
{
    assert_true(unit_is_filled(slots[k].block, slots[k].size, k + slots[k].size));
    acre_free(slots[k].block);
    slots[k].block = NULL;
}

static void fill(unsigned k, uint64_t *seed)
{
    bool clear = unit_random(seed) % 4 == 0;
    size_t size = random_size(seed);
    void *block = clear ? acre_calloc(1, size) : acre_malloc(size);
    assert_non_null(block);
    assert_true(!clear || unit_is_zero(block, size));
    unit_fill(block, size, k + size);
    slots[k].block = block;
    slots[k].size = size;
}

static void resize(unsigned k, uint64_t *seed)
{
    size_t size = random_size(seed);
    size_t least = size < slots[k].size ? size : slots[k].size;
    unsigned char *block = slots[k].block;
    unsigned char first = block[0];
    unsigned char middle = block[least / 2];
    block = acre_realloc(block, size);
    assert_non_null(block);
    assert_true(block[0] == first && block[least / 2] == middle);
    unit_fill(block, size, k + size);
    slots[k].block = block;
    slots[k].size = size;
}

static void disturb(uint64_t *seed)
{
    uint64_t what = unit_random(seed) % 5;
    if (what == 0)
        ac_fake_fail(AC_FAKE_MOVE, 1 + unit_random(seed) % 3, false);
    else if (what == 1)
        ac_fake_fail(AC_FAKE_PURGE, 1 + unit_random(seed) % 3, false);
    else if (what == 2)
        ac_pageheap_surrender(1, ME);
    else if (what == 3)
        ac_fake_advance_ns(100000000);
    else
        ac_trim(unit_random(seed) % (16 * MIB));
}

/* The number of slots in use swings, so that memory of all kinds is freed and wanted again in turn. */
static void work(unsigned steps, uint64_t *seed)
{
    for (unsigned i = 0; i < steps; i++) {
        unsigned k = (unsigned)(unit_random(seed) % (i / 20000 % 2 == 0 ? NSLOTS : NSLOTS / 4));
        unsigned away = (unsigned)(unit_random(seed) % NSLOTS);
        if (slots[k].block == NULL)
            fill(k, seed);
        else if (unit_random(seed) % 8 == 0)
            resize(k, seed);
        else
            drop(k);
        if (slots[away].block != NULL && i / 20000 % 2 != 0)
            drop(away);
        if (unit_random(seed) % 1000 == 0)
            disturb(seed);
    }
}

static void test_growth__random_work(void **state)
{
    uint64_t seed = 11;
    (void)state;
    start();
    ac_option_value[AC_OPTION_dirty_min] = 64 * MIB; /* what is free is wanted again, not given back */
    for (unsigned round = 0; round < 5; round++) {
        work(50000, &seed);
        size_t nsmall = 0;
        size_t nlarge = 0;
        for (unsigned k = 0; k < NSLOTS; k++) {
            nsmall += slots[k].block != NULL && slots[k].size <= AC_SMALL_MAX_BYTES;
            nlarge += slots[k].block != NULL && slots[k].size > AC_SMALL_MAX_BYTES;
        }
        heap_check_counts(nsmall, nlarge);
    }
    assert_true(ac_fake_calls(AC_FAKE_MOVE) > 20); /* or the test shows little */
    ac_fake_heal();
    for (unsigned k = 0; k < NSLOTS; k++) {
        if (slots[k].block != NULL)
            drop(k);
    }
    heap_check_empty();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_growth__two_sizes_that_cannot_serve_each_other),
    UNIT_TEST(test_growth__runs_that_are_partly_fresh),
    UNIT_TEST(test_growth__counts_kept_mappings),
    UNIT_TEST(test_growth__goes_up_at_each_eighth),
    UNIT_TEST(test_growth__rest_of_a_huge_page_is_dirty),
    UNIT_TEST(test_growth__untouched_caches_are_flushed),
    UNIT_TEST(test_growth__busy_centers_keep_their_cache),
    UNIT_TEST(test_growth__growth_flushes_what_is_untouched),
    UNIT_TEST(test_growth__busy_bins_are_not_flushed),
    UNIT_TEST(test_growth__threads_flush_a_shared_center),
    UNIT_TEST(test_growth__random_work),
};
UNIT_MAIN(tests)

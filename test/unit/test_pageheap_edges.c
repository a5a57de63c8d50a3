/* SPDX-License-Identifier: MIT
 *
 * test_pageheap_edges.c -- core/pageheap.c: which unit and which chunk is taken, growth in a short system,
 * release, refusals, who comes in between, and forks.
 */
#include "core/meta.h"
#include "core/pageheap.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#define ME 5u
#define OTHER 9u
#define MIB ((size_t)1 << 20)

static struct ac_pageheap_stats stats_now(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return stats;
}

static void test_pageheap__dirty_units_first(void **state)
{
    struct ac_run a, b, c;
    (void)state;
    assert_true(ac_pageheap_take(4, 1, &a, ME, false));
    assert_true(ac_pageheap_take(4, 1, &b, ME, false));
    assert_ptr_equal(a.chunk, b.chunk);
    ac_pageheap_give(a.chunk, a.base, 4, 0, ME);
    ac_pageheap_give(b.chunk, b.base, 4, 4, ME);
    assert_true(ac_pageheap_take(4, 1, &c, ME, false));
    assert_true(c.base == b.base && !c.zero);
}

static void test_pageheap__fullest_chunk_first(void **state)
{
    struct ac_run run;
    struct ac_chunk *full;
    (void)state;
    /* Two chunks, both with a longest free run of 4 units; the first has another one. */
    assert_true(ac_pageheap_take(56, 1, &run, ME, false));
    struct ac_chunk *loose = run.chunk;
    assert_true(ac_pageheap_take(60, 1, &run, ME, false));
    full = run.chunk;
    assert_ptr_not_equal(loose, full);
    assert_true(ac_pageheap_take(4, 1, &run, ME, false));
    assert_ptr_equal(run.chunk, full); /* the smallest run that suffices */
    ac_pageheap_give(full, run.base, 4, 4, ME);
    ac_pageheap_give(loose, loose->base + 10 * AC_UNIT_BYTES, 4, 4, ME);
    assert_true(ac_pageheap_extend(loose, loose->base, 56, 4, ME, &run.zero));
    assert_int_equal(loose->longest, 4);
    assert_int_equal(full->longest, 4);
    ac_pageheap_give(loose, loose->base + 20 * AC_UNIT_BYTES, 2, 2, ME);
    assert_true(ac_pageheap_take(3, 1, &run, ME, false));
    assert_ptr_equal(run.chunk, full);
}

static void test_pageheap__growth_by_halving(void **state)
{
    struct ac_run run;
    (void)state;
    assert_true(ac_pageheap_take(1, 1, &run, ME, false));
    assert_int_equal(stats_now().mapped_bytes, AC_GROW_MIN_BYTES);
    size_t mapped = AC_GROW_MIN_BYTES;
    for (size_t room = 6 * MIB; room >= 2 * MIB; room -= 2 * MIB) {
        while (ac_pageheap_take(64, 1, &run, ME, true))
            ;
        ac_fake_limit_bytes(ac_fake_mapped_bytes() + room);
        assert_true(ac_pageheap_take(64, 1, &run, ME, false));
        size_t step = room >= 4 * MIB ? 4 * MIB : 2 * MIB;
        mapped += step;
        assert_int_equal(stats_now().mapped_bytes, mapped);
    }
    assert_int_equal(stats_now().chunks, mapped / AC_CHUNK_BYTES);
}

/* A process with a hole of a few units left still gets them, as a small chunk. */
static void test_pageheap__last_resort(void **state)
{
    struct ac_run run;
    (void)state;
    assert_true(ac_pageheap_take(1, 1, &run, ME, false));
    while (ac_pageheap_take(63, 1, &run, ME, true))
        ;
    ac_fake_limit_bytes(ac_fake_mapped_bytes() + 5 * AC_UNIT_BYTES);
    assert_false(ac_pageheap_take(6, 1, &run, ME, false));
    assert_true(ac_pageheap_take(5, 1, &run, ME, false));
    assert_int_equal(run.chunk->units, 5);
    assert_int_equal(run.chunk->longest, 0);
    bool zero;
    assert_false(ac_pageheap_extend(run.chunk, run.base, 5, 1, ME, &zero));
    ac_pageheap_give(run.chunk, run.base, 5, 5, ME);
    assert_int_equal(run.chunk->longest, 5);
    ac_fake_limit_bytes(0);
    ac_fake_limit_bytes(ac_fake_mapped_bytes() + 2 * AC_UNIT_BYTES + 4096);
    assert_true(ac_pageheap_take(5, 1, &run, ME, false));
    assert_int_equal(run.chunk->units, 5);
    assert_true(ac_pageheap_take(2, 2, &run, ME, false));
    assert_int_equal(run.base % (2 * AC_UNIT_BYTES), 0);
    assert_int_equal(ac_pageheap_purge(0, ME), 0);
}

static void test_pageheap__last_resort_with_long_pages(void **state)
{
    struct ac_run run;
    (void)state;
    ac_os_pretend_page_size(65536);
    assert_true(ac_pageheap_take(1, 1, &run, ME, false));
    while (ac_pageheap_take(1, 1, &run, ME, true))
        ;
    for (unsigned units = 1; units <= 5; units++) {
        ac_fake_limit_bytes(ac_fake_mapped_bytes() + 6 * AC_UNIT_BYTES);
        assert_true(ac_pageheap_take(units, 1, &run, ME, false));
        while (ac_pageheap_take(1, 1, &run, ME, true))
            ;
    }
}

static void test_pageheap__try_only_maps_nothing(void **state)
{
    struct ac_run run;
    (void)state;
    assert_false(ac_pageheap_take(1, 1, &run, ME, true));
    assert_int_equal(ac_fake_calls(AC_FAKE_ANY), 0);
    assert_true(ac_pageheap_take(1, 1, &run, ME, false));
    uint64_t calls = ac_fake_calls(AC_FAKE_ANY);
    assert_true(ac_pageheap_take(64, 1, &run, ME, true));
    assert_int_equal(ac_fake_calls(AC_FAKE_ANY), calls);
}

static void test_pageheap__purge_refused(void **state)
{
    struct ac_run run;
    (void)state;
    assert_true(ac_pageheap_take(20, 1, &run, ME, false));
    memset((void *)run.base, 3, 20 * AC_UNIT_BYTES);
    ac_pageheap_give(run.chunk, run.base, 20, 20, ME);
    ac_fake_fail(AC_FAKE_PURGE, 1, true);
    assert_int_equal(ac_pageheap_purge(0, ME), 0);
    assert_int_equal(stats_now().dirty_bytes, 20 * AC_UNIT_BYTES);
    assert_int_equal(run.chunk->free, UINT64_MAX);
    ac_fake_heal();
    assert_int_equal(ac_pageheap_purge(0, ME), 20 * AC_UNIT_BYTES);
    assert_int_equal(stats_now().purged_bytes, 20 * AC_UNIT_BYTES);
    assert_true(unit_is_zero((void *)run.base, 20 * AC_UNIT_BYTES));
}

/* Of two pieces one goes and one stays: only the one that went is clean. */
static void test_pageheap__purge_refused_in_part(void **state)
{
    struct ac_run runs[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(ac_pageheap_take(4, 1, &runs[i], ME, false));
        memset((void *)runs[i].base, 7, 4 * AC_UNIT_BYTES);
    }
    assert_ptr_equal(runs[0].chunk, runs[2].chunk);
    ac_pageheap_give(runs[0].chunk, runs[0].base, 4, 4, ME);
    ac_pageheap_give(runs[2].chunk, runs[2].base, 4, 4, ME);
    ac_fake_fail(AC_FAKE_PURGE, 2, true);
    assert_int_equal(ac_pageheap_purge(0, ME), 4 * AC_UNIT_BYTES);
    assert_int_equal(stats_now().dirty_bytes, 4 * AC_UNIT_BYTES);
    ac_fake_heal();
    for (unsigned i = 0; i < 2; i++) {
        assert_true(ac_pageheap_take(4, 1, &runs[0], ME, false));
        assert_int_equal(runs[0].zero, unit_is_zero((void *)runs[0].base, 4 * AC_UNIT_BYTES));
    }
}

static void test_pageheap__every_map_refused(void **state)
{
    struct ac_run run;
    (void)state;
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    assert_false(ac_pageheap_take(1, 1, &run, ME, false));
    assert_false(ac_pageheap_take(64, 32, &run, ME, false));
    ac_fake_heal();
    for (unsigned k = 1; k <= 6; k++) { /* arena, leaf, metadata: each refused once */
        ac_fake_fail(AC_FAKE_ANY, k, false);
        (void)ac_pageheap_take(64, 1, &run, ME, false);
        ac_fake_heal();
        assert_true(ac_pageheap_take(64, 1, &run, ME, false));
        memset((void *)run.base, 1, 64 * AC_UNIT_BYTES);
    }
}

/* While units are being purged nobody may have them. */
static void take_during_purge(void *arg)
{
    struct ac_run *out = arg;
    assert_true(ac_pageheap_take(8, 1, out, OTHER, false));
    memset((void *)out->base, 9, 8 * AC_UNIT_BYTES);
}

static void test_pageheap__take_during_purge(void **state)
{
    struct ac_run run, taken;
    (void)state;
    assert_true(ac_pageheap_take(64, 1, &run, ME, false));
    ac_pageheap_give(run.chunk, run.base, 64, 30, ME);
    ac_fake_intrude(AC_FAKE_PURGE, take_during_purge, &taken);
    assert_int_equal(ac_pageheap_purge(0, ME), 30 * AC_UNIT_BYTES);
    assert_true(taken.base >= run.base + 30 * AC_UNIT_BYTES || taken.base < run.base);
    assert_int_equal(*(char *)(taken.base + 8 * AC_UNIT_BYTES - 1), 9);
    assert_int_equal(stats_now().dirty_bytes, 0);
    assert_int_equal(stats_now().used_bytes, 8 * AC_UNIT_BYTES);
}

static sigjmp_buf vanished;

static void vanish(void *arg)
{
    (void)arg;
    ac_fake_fork();
    siglongjmp(vanished, 1);
}

/* Another thread held the lock when the process forked. */
static void test_pageheap__recover_abandons_a_torn_heap(void **state)
{
    struct ac_run old, run;
    (void)state;
    assert_true(ac_pageheap_take(8, 1, &old, OTHER, false));
    while (ac_pageheap_take(64, 1, &run, OTHER, true))
        ;
    if (sigsetjmp(vanished, 0) == 0) {
        ac_fake_intrude(AC_FAKE_MAP_ALIGNED, vanish, NULL);
        (void)ac_pageheap_take(64, 1, &run, OTHER, false);
        fail();
    }
    ac_meta_recover(ME);
    ac_pageheap_recover(ME);
    memset((void *)old.base, 1, 8 * AC_UNIT_BYTES);
    assert_int_equal(stats_now().dirty_bytes, 0);
    ac_pageheap_give(old.chunk, old.base, 8, 8, ME); /* of the old epoch: dropped */
    assert_int_equal(stats_now().dirty_bytes, 0);
    bool zero;
    assert_false(ac_pageheap_extend(old.chunk, old.base, 8, 1, ME, &zero));
    assert_true(ac_pageheap_take(8, 1, &run, ME, false));
    assert_ptr_not_equal(run.chunk, old.chunk);
    ac_pageheap_give(run.chunk, run.base, 8, 8, ME);
    assert_int_equal(stats_now().dirty_bytes, 8 * AC_UNIT_BYTES);
    assert_int_equal(ac_pageheap_purge(0, ME), 8 * AC_UNIT_BYTES);
}

static void test_pageheap__recover_leaves_a_sound_heap(void **state)
{
    struct ac_run a, b;
    (void)state;
    assert_true(ac_pageheap_take(8, 1, &a, ME, false));
    ac_fake_fork();
    ac_pageheap_recover(ME);
    ac_pageheap_give(a.chunk, a.base, 8, 8, ME);
    assert_int_equal(stats_now().dirty_bytes, 8 * AC_UNIT_BYTES);
    assert_true(ac_pageheap_take(8, 1, &b, ME, false));
    assert_true(b.base == a.base);
}

/* Only whole chunks can go, and what is in use stays. */
static void test_pageheap__release(void **state)
{
    struct ac_run run, kept;
    (void)state;
    assert_true(ac_pageheap_take(64, 1, &run, ME, false));
    assert_true(ac_pageheap_take(3, 1, &kept, ME, false));
    memset((void *)kept.base, 5, 3 * AC_UNIT_BYTES);
    ac_pageheap_give(run.chunk, run.base, 64, 10, ME);
    assert_int_equal(stats_now().mapped_bytes, AC_GROW_MIN_BYTES);
    assert_int_equal(ac_pageheap_release(ME), AC_GROW_MIN_BYTES - AC_CHUNK_BYTES);
    assert_int_equal(stats_now().mapped_bytes, AC_CHUNK_BYTES);
    assert_int_equal(stats_now().chunks, 1);
    assert_int_equal(stats_now().dirty_bytes, 0);
    assert_int_equal(ac_fake_page_state((void *)run.base), AC_FAKE_ABSENT);
    assert_int_equal(*(char *)kept.base, 5);
    assert_int_equal(ac_pageheap_release(ME), 0);
    ac_pageheap_give(kept.chunk, kept.base, 3, 3, ME);
    ac_fake_fail(AC_FAKE_UNMAP, 1, false);
    assert_int_equal(ac_pageheap_release(ME), 0);
    assert_int_equal(stats_now().dirty_bytes, 3 * AC_UNIT_BYTES);
    assert_int_equal(ac_pageheap_release(ME), AC_CHUNK_BYTES);
    assert_true(ac_pageheap_take(64, 1, &run, ME, false));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_pageheap__dirty_units_first),
    UNIT_TEST(test_pageheap__fullest_chunk_first),
    UNIT_TEST(test_pageheap__growth_by_halving),
    UNIT_TEST(test_pageheap__last_resort),
    UNIT_TEST(test_pageheap__last_resort_with_long_pages),
    UNIT_TEST(test_pageheap__try_only_maps_nothing),
    UNIT_TEST(test_pageheap__purge_refused),
    UNIT_TEST(test_pageheap__purge_refused_in_part),
    UNIT_TEST(test_pageheap__every_map_refused),
    UNIT_TEST(test_pageheap__take_during_purge),
    UNIT_TEST(test_pageheap__recover_abandons_a_torn_heap),
    UNIT_TEST(test_pageheap__recover_leaves_a_sound_heap),
    UNIT_TEST(test_pageheap__release),
};
UNIT_MAIN(tests)

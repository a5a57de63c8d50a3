/* SPDX-License-Identifier: MIT
 *
 * test_helper.c -- heap/helper.c: when the helper comes, what it does, and that it goes. Its thread runs
 * where the test lets it, on the test's clock.
 */
#include "core/mapcache.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/purge.h"
#include "core/state.h"
#include "heap/flush.h"
#include "heap/helper.h"
#include "heap/hooks.h"
#include "heap/thread.h"
#include "heap_check.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>

#define MIB ((size_t)1 << 20)
#define SECOND ((uint64_t)1000000000)

static void nothing(void *arg)
{
    acre_free(acre_malloc((size_t)(uintptr_t)arg));
}

/* Two threads, so that a helper may come. */
static void start(void)
{
    acre_free(acre_malloc(1));
    unit_in_standing_thread(nothing, (void *)100);
}

static size_t dirty_bytes(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return stats.dirty_bytes + ac_mapcache_bytes();
}

static void make_dirty(size_t mib)
{
    static void *blocks[512];
    for (size_t i = 0; i < mib; i++)
        blocks[i] = acre_malloc(MIB);
    for (size_t i = 0; i < mib; i++)
        acre_free(blocks[i]);
}

static uint64_t helpers_called(void)
{
    return ac_fake_calls(AC_FAKE_START_THREAD);
}

static void test_helper__stays_away_without_need(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 100; i++) {
        ac_helper_poke();
        ac_fake_advance_ns(SECOND);
    }
    assert_int_equal(helpers_called(), 0);
}

static void test_helper__gives_back_and_goes(void **state)
{
    (void)state;
    start();
    make_dirty(200);
    assert_true(ac_purge_is_due());
    ac_helper_poke();
    ac_helper_poke();
    assert_int_equal(helpers_called(), 1); /* HE1 */
    unsigned nended = ac_fake_run_threads(8 * SECOND);
    assert_true(dirty_bytes() < 64 * MIB);
    nended += ac_fake_run_threads(60 * SECOND);
    assert_int_equal(nended, 1); /* HE2 */
    assert_true(dirty_bytes() <= 5 * MIB);
    make_dirty(100);
    ac_helper_poke();
    assert_int_equal(helpers_called(), 2); /* and comes again */
    assert_int_equal(ac_fake_run_threads(60 * SECOND), 1);
    assert_true(dirty_bytes() <= 5 * MIB);
}

static void fill_caches(void *arg)
{
    static void *blocks[4000];
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 4000; i++)
            blocks[i] = acre_malloc(8000);
        for (unsigned i = 0; i < 4000; i++)
            acre_free(blocks[i]);
    }
    for (unsigned i = 0; i < 4000; i++)
        blocks[i] = acre_malloc(8000);
    for (unsigned i = 0; i < 4000; i++) {
        if (i % 4 != 0)
            acre_free(blocks[i]);
    }
    *(struct ac_heap **)arg = ac_heap_self;
}

static void test_helper__empties_idle_caches(void **state)
{
    struct ac_heap *idle;
    (void)state;
    start();
    unit_in_standing_thread(fill_caches, &idle);
    assert_true(ac_flush_cached_bytes(idle) > 0);
    void *large = acre_malloc(60 * MIB); /* enough for a helper to come */
    memset(large, 1, 60 * MIB);
    acre_free(large);
    make_dirty(100);
    ac_helper_poke();
    assert_int_equal(helpers_called(), 1);
    ac_fake_run_threads(10 * SECOND);
    assert_int_equal(ac_flush_cached_bytes(idle), 0);
    heap_check_counts(1000, 0);
}

static void test_helper__option_forbids_it(void **state)
{
    (void)state;
    ac_fake_set_conf("helper=no");
    start();
    make_dirty(200);
    ac_helper_poke();
    assert_int_equal(helpers_called(), 0);
}

static void test_helper__refused(void **state)
{
    (void)state;
    start();
    make_dirty(200);
    ac_fake_fail(AC_FAKE_START_THREAD, 1, true);
    ac_helper_poke();
    assert_int_equal(ac_fake_run_threads(SECOND), 0);
    assert_int_equal(ac_fake_refusals(AC_FAKE_START_THREAD), 1);
    ac_fake_heal();
    ac_fake_fail(AC_FAKE_MAP, 1, true);
    ac_helper_poke();
    ac_fake_heal();
    ac_helper_poke();
    ac_fake_run_threads(20 * SECOND);
    assert_true(dirty_bytes() <= 5 * MIB);
}

static void test_helper__is_gone_after_a_fork(void **state)
{
    (void)state;
    start();
    make_dirty(200);
    ac_helper_poke();
    assert_int_equal(helpers_called(), 1);
    ac_fake_fork(); /* the helper did not survive */
    acre_free(acre_malloc(40000));
    assert_non_null(acre_malloc(10));
    unit_in_standing_thread(nothing, (void *)100);
    make_dirty(200);
    ac_helper_poke();
    assert_int_equal(helpers_called(), 2);
    ac_fake_run_threads(20 * SECOND);
    assert_true(dirty_bytes() <= 5 * MIB);
}

/* HE2: free memory just over the bound is no reason to stay for ever. */
static void test_helper__goes_with_a_little_over_the_bound(void **state)
{
    (void)state;
    start();
    ac_option_value[AC_OPTION_dirty_min] = (size_t)1 << 40;
    make_dirty(100);
    ac_option_value[AC_OPTION_dirty_min] = dirty_bytes() - 65536;
    assert_true(ac_purge_is_due());
    ac_helper_poke();
    assert_int_equal(helpers_called(), 1);
    assert_int_equal(ac_fake_run_threads(60 * SECOND), 1);
}

static unsigned nticks;

static void count_tick(void)
{
    nticks++;
}

/* A process with a large heap that is idle, or allocates from its magazines alone, obeys the command all the
 * same, and sleeps otherwise. */
static void test_helper__watches_a_large_heap(void **state)
{
    static union {
        struct ac_state s;
        char bytes[AC_STATE_MAX_BYTES];
    } segment;
    (void)state;
    ac_fake_set_conf("state=/there");
    ac_fake_set_file("/there", &segment, sizeof segment);
    start();
    make_dirty(100);
    char *kept = acre_malloc(60 * MIB);
    ac_helper_poke();
    assert_int_equal(helpers_called(), 1);
    ac_hooks.helper_tick = count_tick;
    assert_int_equal(ac_fake_run_threads(600 * SECOND), 0);
    assert_in_range(nticks, 1, 100); /* until it saw that nothing is done */
    segment.s.bell++;                /* which nobody answers here */
    nticks = 0;
    assert_int_equal(ac_fake_run_threads(600 * SECOND), 0);
    assert_in_range(nticks, 1000, 2400);
    acre_free(kept);
    assert_int_equal(ac_fake_run_threads(60 * SECOND), 1);
    assert_true(dirty_bytes() <= 5 * MIB);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_helper__stays_away_without_need),
    UNIT_TEST(test_helper__gives_back_and_goes),
    UNIT_TEST(test_helper__empties_idle_caches),
    UNIT_TEST(test_helper__option_forbids_it),
    UNIT_TEST(test_helper__refused),
    UNIT_TEST(test_helper__is_gone_after_a_fork),
    UNIT_TEST(test_helper__goes_with_a_little_over_the_bound),
    UNIT_TEST(test_helper__watches_a_large_heap),
};
UNIT_MAIN(tests)

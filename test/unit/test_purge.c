/* SPDX-License-Identifier: MIT
 *
 * test_purge.c -- core/purge.c: the share against 2^-x, and the decay of real free memory on a clock that
 * the test moves.
 */
#include "core/config.h"
#include "core/mapcache.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/purge.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <math.h>

#define ME 3u
#define MIB ((size_t)1 << 20)
#define MS ((uint64_t)1000000)
#define MAX_RUNS 512

static size_t dirty_bytes(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return stats.dirty_bytes + ac_mapcache_bytes();
}

/* Free memory that counts as touched, in runs of a MiB. */
static void make_dirty(size_t mib)
{
    static struct ac_run runs[MAX_RUNS];
    assert_true(mib <= MAX_RUNS);
    for (size_t i = 0; i < mib; i++)
        assert_true(ac_pageheap_take(MIB / AC_UNIT_BYTES, 1, &runs[i], ME, false));
    for (size_t i = 0; i < mib; i++)
        ac_pageheap_give(runs[i].chunk, runs[i].base, MIB / AC_UNIT_BYTES, MIB / AC_UNIT_BYTES, ME);
}

static void keep_mapping(size_t bytes)
{
    struct ac_mapping evicted;
    struct ac_mapping m = {(uintptr_t)ac_os_map_aligned(0, bytes, AC_UNIT_BYTES), bytes};
    ac_mapcache_put(m, &evicted, ME);
    assert_int_equal(evicted.bytes, 0);
}

static void tick_for(uint64_t ms, uint64_t every_ms)
{
    for (uint64_t t = 0; t < ms; t += every_ms) {
        ac_fake_advance_ns(every_ms * MS);
        ac_purge_tick(ME, true);
    }
}

static void set_options(size_t decay_ms, size_t dirty_min)
{
    ac_option_value[AC_OPTION_decay_ms] = decay_ms;
    ac_option_value[AC_OPTION_dirty_min] = dirty_min;
}

static void assert_near(double actual, double expected, double tolerance)
{
    if (fabs(actual - expected) > tolerance)
        fail_msg("%g, expected %g +- %g", actual, expected, tolerance);
}

/* The curve is made of straight pieces, which are at most 1.4 % of the excess away from it. */
static void test_purge__share_follows_the_curve(void **state)
{
    static const size_t excesses[] = {0, 1, 999, 65536, 1000003, (size_t)1 << 33, (size_t)1 << 46};
    const uint64_t half = 1000 * MS;
    (void)state;
    for (unsigned k = 0; k < sizeof excesses / sizeof excesses[0]; k++) {
        double excess = (double)excesses[k];
        size_t last = 0;
        for (uint64_t ms = 0; ms <= 20000; ms += 7) {
            size_t share = ac_purge_share(excesses[k], ms * MS, half);
            assert_near((double)share, excess * (1 - exp2(-(double)ms / 1000)), excess * 0.014 + 2);
            assert_true(share <= excesses[k] && share + excesses[k] / 500 + 1 >= last);
            last = share;
        }
    }
}

static void test_purge__share_at_the_ends(void **state)
{
    (void)state;
    assert_int_equal(ac_purge_share(1000000, 0, 5), 0);
    assert_int_equal(ac_purge_share(1000000, 5, 5), 500000);
    assert_int_equal(ac_purge_share(1000000, 10, 5), 750000);
    assert_int_equal(ac_purge_share(1000000, 80, 5), 1000000);
    assert_int_equal(ac_purge_share(1000000, 1, 0), 1000000);
    assert_int_equal(ac_purge_share(1000000, UINT64_MAX, 1), 1000000);
    assert_int_equal(ac_purge_share(0, 77, 5), 0);
    assert_in_range(ac_purge_share(SIZE_MAX / 2, 5, 5), SIZE_MAX / 4 - 1, SIZE_MAX / 4 + 1);
}

static void check_half_life(uint64_t every_ms, uint64_t half_ms)
{
    set_options(half_ms, 0);
    make_dirty(400);
    assert_true(ac_purge_is_due());
    ac_purge_tick(ME, true);
    double start = (double)dirty_bytes();
    for (unsigned n = 1; n <= 3; n++) {
        tick_for(half_ms, every_ms);
        assert_near((double)dirty_bytes() / start, exp2(-(double)n), 0.08); /* a window is an eighth */
    }
    tick_for(12 * half_ms, every_ms);
    assert_true(dirty_bytes() <= 2 * MIB);
}

static void test_purge__half_life_of_a_second(void **state)
{
    (void)state;
    check_half_life(50, 1000);
}

static void test_purge__half_life_with_rare_ticks(void **state)
{
    (void)state;
    check_half_life(250, 1000);
}

static void test_purge__half_life_of_a_minute(void **state)
{
    (void)state;
    check_half_life(250, 60000);
}

/* Ticks may be further apart than the half-life, as the helper's are when decay_ms is small. */
static void test_purge__half_life_below_the_tick(void **state)
{
    (void)state;
    set_options(100, 0);
    make_dirty(256);
    ac_purge_tick(ME, true);
    size_t start = dirty_bytes();
    tick_for(1000, 250);
    assert_true(dirty_bytes() <= start / 4);
}

/* Pieces are up to a chunk long, but ticks are many: their overshoot must not add up. */
static void test_purge__half_life_of_a_small_excess(void **state)
{
    (void)state;
    set_options(1000, 0);
    make_dirty(40);
    ac_purge_tick(ME, true);
    double start = (double)dirty_bytes();
    tick_for(1000, 20);
    assert_near((double)dirty_bytes() / start, 0.5, 0.06 + 2.0 * MIB / start);
}

static void test_purge__decay_0_gives_all_at_once(void **state)
{
    (void)state;
    set_options(0, 3 * MIB);
    make_dirty(40);
    ac_purge_tick(ME, true);
    assert_in_range(dirty_bytes(), MIB, 3 * MIB);
    assert_false(ac_purge_is_due());
    make_dirty(40);
    ac_purge_tick(ME, true); /* no time has passed */
    assert_in_range(dirty_bytes(), MIB, 3 * MIB);
}

static void test_purge__bound_by_option(void **state)
{
    (void)state;
    set_options(1000, 20 * MIB);
    make_dirty(20);
    assert_false(ac_purge_is_due());
    tick_for(60000, 250);
    assert_int_equal(dirty_bytes(), 20 * MIB);
    make_dirty(100);
    assert_true(ac_purge_is_due());
    tick_for(60000, 250);
    assert_in_range(dirty_bytes(), 18 * MIB, 20 * MIB + 128 * 1024);
}

static void test_purge__bound_is_an_eighth_of_what_is_used(void **state)
{
    struct ac_run run;
    (void)state;
    set_options(1000, 0);
    make_dirty(300);
    for (unsigned i = 0; i < 80; i++)
        assert_true(ac_pageheap_take(AC_CHUNK_UNITS, 1, &run, ME, false));
    ac_purge_count_huge((ptrdiff_t)(320 * MIB));
    assert_int_equal(ac_purge_huge_bytes(), 320 * MIB);
    make_dirty(300);
    size_t bound = (160 * MIB + 320 * MIB) / 8;
    assert_true(dirty_bytes() > 2 * bound);
    tick_for(60000, 250);
    assert_in_range(dirty_bytes(), bound - 2 * MIB, bound + 128 * 1024);
    ac_purge_count_huge(-(ptrdiff_t)(320 * MIB));
    tick_for(60000, 250);
    assert_in_range(dirty_bytes(), 20 * MIB - 2 * MIB, 20 * MIB + 128 * 1024);
}

/* What is left over the bound in the end may be little, but it must not stay due for ever: the helper
 * would never end. */
static void test_purge__a_small_excess_comes_due(void **state)
{
    (void)state;
    set_options(1000, 4 * MIB - 65536);
    make_dirty(4);
    assert_true(ac_purge_is_due());
    tick_for(120000, 250);
    assert_false(ac_purge_is_due());
}

static void test_purge__ticks_in_quick_succession(void **state)
{
    (void)state;
    set_options(1000, 0);
    make_dirty(64);
    ac_purge_tick(ME, true);
    size_t dirty = dirty_bytes();
    for (unsigned i = 0; i < 100; i++)
        ac_purge_tick(ME, true);
    assert_int_equal(dirty_bytes(), dirty);
}

static void test_purge__runs_go_before_mappings(void **state)
{
    (void)state;
    set_options(1000, 0);
    make_dirty(10);
    keep_mapping(10 * MIB);
    assert_int_equal(ac_purge_all(12 * MIB, ME), 8 * MIB);
    assert_int_equal(ac_mapcache_bytes(), 10 * MIB);
    assert_true(ac_purge_all(4 * MIB, ME) >= 8 * MIB);
    assert_int_equal(ac_mapcache_bytes(), 4 * MIB);
    assert_int_equal(dirty_bytes(), 4 * MIB);
    assert_int_equal(ac_purge_all(4 * MIB, ME), 0);
    ac_purge_all(0, ME);
    assert_int_equal(dirty_bytes(), 0);
}

/* With nobody to tick later, what exceeds the bound by much goes now, however long the half-life. */
static void test_purge__alone_little_lingers(void **state)
{
    struct ac_run run;
    (void)state;
    set_options(3600000, 4 * MIB);
    make_dirty(30);
    ac_purge_tick(ME, false);
    assert_int_equal(dirty_bytes(), 30 * MIB);
    make_dirty(400);
    ac_purge_tick(ME, true);
    assert_int_equal(dirty_bytes(), 400 * MIB);
    ac_purge_tick(ME, false);
    assert_in_range(dirty_bytes(), 30 * MIB, 70 * MIB);
    for (unsigned i = 0; i < 250; i++)
        assert_true(ac_pageheap_take(AC_CHUNK_UNITS, 1, &run, ME, false));
    make_dirty(500);
    ac_purge_tick(ME, false);
    assert_in_range(dirty_bytes(), 185 * MIB, 189 * MIB); /* an eighth and a quarter of 500 MiB */
}

static void test_purge__refused(void **state)
{
    (void)state;
    set_options(1000, 0);
    make_dirty(16);
    ac_fake_fail(AC_FAKE_PURGE, 1, true);
    tick_for(5000, 250);
    assert_int_equal(dirty_bytes(), 16 * MIB);
    assert_int_equal(ac_purge_all(0, ME), 0);
    ac_fake_heal();
    assert_int_equal(ac_purge_all(0, ME), 16 * MIB);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_purge__share_follows_the_curve),
    UNIT_TEST(test_purge__share_at_the_ends),
    UNIT_TEST(test_purge__half_life_of_a_second),
    UNIT_TEST(test_purge__half_life_with_rare_ticks),
    UNIT_TEST(test_purge__half_life_of_a_small_excess),
    UNIT_TEST(test_purge__half_life_of_a_minute),
    UNIT_TEST(test_purge__half_life_below_the_tick),
    UNIT_TEST(test_purge__decay_0_gives_all_at_once),
    UNIT_TEST(test_purge__bound_by_option),
    UNIT_TEST(test_purge__bound_is_an_eighth_of_what_is_used),
    UNIT_TEST(test_purge__a_small_excess_comes_due),
    UNIT_TEST(test_purge__ticks_in_quick_succession),
    UNIT_TEST(test_purge__runs_go_before_mappings),
    UNIT_TEST(test_purge__alone_little_lingers),
    UNIT_TEST(test_purge__refused),
};
UNIT_MAIN(tests)

/* SPDX-License-Identifier: MIT
 *
 * test_faults.c -- every scenario (scenarios.c) with the kth call of the system refused, for every k until
 * none is hit, once and from then on. Nothing may crash, be damaged or be lost, and once the system gives
 * again everything works again.
 *
 * Every run is a process of its own, so that the kth call is the same in all of them.
 */
#include "core/meta.h"
#include "core/pagemap.h"
#include "heap/central.h"
#include "heap/heap.h"
#include "heap_check.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "scenarios.h"
#include "unit.h"

#include <acre/acre.h>
#include <stdio.h>
#include <unistd.h>

#define NOT_HIT 77
#define MAX_CALLS 1000u
#define RUN_SECONDS 20u

struct plan {
    const struct scenario *scenario;
    enum ac_fake_call call;
    unsigned nth;
    bool from_then_on;
};

static size_t unaccounted_bytes(void)
{
    struct ac_snapshot snapshot;
    ac_snapshot_take(&snapshot);
    return ac_fake_mapped_bytes() - snapshot.stats[AC_STAT_mapped_bytes];
}

/* Address space that nobody knows of any more, but for what could not be unmapped. */
static void check_nothing_leaked(void)
{
    size_t leaves =
        ac_pagemap_used_bytes() / ac_os_page_size() * AC_META_CHUNK_BYTES; /* a leaf is a MiB too */
    size_t known = AC_WINDOW_UNITS * sizeof(uint64_t) + leaves + ac_meta_used_bytes();
    assert_true(unaccounted_bytes() <= known + AC_META_CHUNK_BYTES + 131072 + ac_fake_refused_unmap_bytes());
}

/* Nothing is left half done in this thread's heap. */
static void check_own_heap(void)
{
    struct ac_heap *heap = ac_heap_self;
    assert_int_equal(heap->in_slow, 0);
    assert_int_equal(heap->lock.word, 0);
    for (unsigned c = 1; c < AC_NCLASSES && ac_heap_is_real(heap); c++) {
        struct ac_center *center = ac_center_peek(heap->shard, c);
        assert_false(ac_bin_is_busy(heap->bins[c].top));
        assert_true(center == NULL || center->lock.word == 0);
    }
}

/* After the system has recovered: all is back, two more turns work and leave nothing more behind. */
static void check_recovery(const struct scenario *scenario)
{
    heap_check_empty();
    check_nothing_leaked();
    scenario->run();
    heap_check_empty();
    size_t before = unaccounted_bytes();
    size_t used = ac_meta_used_bytes();
    scenario->run();
    heap_check_empty();
    assert_true(unaccounted_bytes() <= before + AC_META_CHUNK_BYTES);
    assert_true(ac_meta_used_bytes() <= used + 65536);
    check_nothing_leaked();
}

static bool was_hit;

static void run_plan(void **state)
{
    const struct plan *plan = *state;
    ac_fake_fail(plan->call, plan->nth, plan->from_then_on);
    plan->scenario->run();
    was_hit = ac_fake_refusals(plan->call) != 0;
    ac_fake_heal();
    if (!was_hit)
        return;
    check_own_heap();
    assert_int_equal(acre_verify(NULL, 0), 0);
    acre_free(acre_malloc(40000));                  /* a slow path */
    if (strcmp(plan->scenario->name, "forks") != 0) /* what a torn fork has lost is lost */
        check_recovery(plan->scenario);
    else
        plan->scenario->run();
    assert_int_equal(acre_verify(NULL, 0), 0);
}

/* In a child: 0 held, NOT_HIT no call was refused, else failed. */
static int run_in_child(void *arg)
{
    struct CMUnitTest test = {"plan", run_plan, NULL, NULL, arg};
    alarm(RUN_SECONDS);
    if (freopen("/dev/null", "w", stdout) == NULL) /* what fails is said on stderr */
        return 1;
    if (_cmocka_run_group_tests("plan", &test, 1, NULL, NULL) != 0)
        return 1;
    return was_hit ? 0 : NOT_HIT;
}

static int run_quietly(struct plan *plan)
{
    int result = unit_in_child(run_in_child, plan);
    if (result != 0 && result != NOT_HIT)
        fprintf(stderr, "%s: call %u of kind %d refused %s: %d\n", plan->scenario->name, plan->nth,
                plan->call, plan->from_then_on ? "from then on" : "once", result);
    return result;
}

static unsigned nplans;

static unsigned run_all(const struct scenario *scenario, enum ac_fake_call call, bool from_then_on)
{
    unsigned nfailed = 0;
    for (unsigned k = 1; k <= MAX_CALLS; k++) {
        struct plan plan = {scenario, call, k, from_then_on};
        int result = run_quietly(&plan);
        if (result == NOT_HIT)
            return nfailed;
        nfailed += result != 0;
        nplans++;
    }
    fail_msg("%s: makes more than %u calls", scenario->name, MAX_CALLS);
    return nfailed;
}

static void every_scenario(bool from_then_on)
{
    unsigned nfailed = 0;
    for (size_t i = 0; i < nscenarios; i++)
        nfailed += run_all(&scenarios[i], AC_FAKE_ANY, from_then_on);
    fprintf(stderr, "%u calls of %zu scenarios refused, one after the other\n", nplans, nscenarios);
    assert_int_equal(nfailed, 0);
}

static void test_faults__any_call_once(void **state)
{
    (void)state;
    every_scenario(false);
}

static void test_faults__any_call_from_then_on(void **state)
{
    (void)state;
    every_scenario(true);
}

/* One kind alone, as when the table of mappings is full or memory is locked. */
static void one_kind(enum ac_fake_call call)
{
    unsigned nfailed = 0;
    for (size_t i = 0; i < nscenarios; i++) {
        struct plan plan = {&scenarios[i], call, 1, true};
        int result = run_quietly(&plan);
        nfailed += result != 0 && result != NOT_HIT;
    }
    assert_int_equal(nfailed, 0);
}

static void test_faults__one_kind_never_works(void **state)
{
    (void)state;
    for (unsigned call = 0; call < AC_FAKE_CALL_COUNT; call++)
        one_kind(call);
}

/* An address space that ends, at every place where that can be. */
static int run_limited(void *arg)
{
    alarm(RUN_SECONDS);
    acre_free(acre_malloc(1));
    ac_fake_limit_bytes(ac_fake_mapped_bytes() + *(size_t *)arg);
    for (size_t i = 0; i < nscenarios; i++)
        scenarios[i].run();
    assert_int_equal(acre_verify(NULL, 0), 0);
    return 0;
}

static void test_faults__little_address_space(void **state)
{
    (void)state;
    for (size_t room = 0; room < (size_t)24 << 20; room += room < 300000 ? 32768 : room / 3) {
        size_t whole_pages = room & ~(size_t)4095;
        if (unit_in_child(run_limited, &whole_pages) != 0)
            fail_msg("with room for %zu bytes", whole_pages);
    }
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_faults__any_call_once),
    UNIT_TEST(test_faults__any_call_from_then_on),
    UNIT_TEST(test_faults__one_kind_never_works),
    UNIT_TEST(test_faults__little_address_space),
};
UNIT_MAIN(tests)

/* SPDX-License-Identifier: MIT
 *
 * test_central_torn.c -- heap/central.c when something is wrong: no memory, a busy lock, blocks that
 * cannot be given back, and a fork that tore a center.
 */
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "central_blocks.h"
#include "os/os_fake.h"
#include "unit.h"

#define OTHER 9u

/* ---- refusals ---- */

static void test_central__try_take_waits_and_maps_for_nothing(void **state)
{
    void *blocks[40];
    struct ac_center *center = center_of(1024);
    (void)state;
    assert_null(ac_center_try_take(center, ME)); /* never used */
    take_n(center, blocks, 32);
    uint64_t calls = ac_fake_calls(AC_FAKE_ANY);
    assert_null(ac_center_try_take(center, ME)); /* would need a span */
    ac_center_give(center, blocks, 3, ME, false);
    assert_true(ac_lock_try(&center->lock, OTHER));
    assert_null(ac_center_try_take(center, ME)); /* busy */
    ac_unlock(&center->lock);
    assert_non_null(ac_center_try_take(center, ME));
    assert_int_equal(center->out, 30);
    assert_int_equal(ac_fake_calls(AC_FAKE_ANY), calls);
}

static void test_central__no_memory(void **state)
{
    static void *blocks[4096];
    (void)state;
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    assert_null(ac_center_get(SHARD, 1, ME));
    ac_fake_heal();
    struct ac_center *center = center_of(16);
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    assert_int_equal(ac_center_take(center, blocks, 10, ME, true), 0);
    ac_fake_heal();
    take_n(center, blocks, 2000);
    struct ac_run run;
    while (ac_pageheap_take(1, 1, &run, ME, true))
        ;
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    assert_int_equal(ac_center_take(center, blocks + 2000, 100, ME, true), 48); /* what is left of the span */
    assert_int_equal(ac_center_take(center, blocks + 2048, 100, ME, true), 0);
    size_t records = ac_meta_used_bytes();
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(ac_center_take(center, blocks + 2048, 100, ME, true), 0);
    assert_int_equal(ac_meta_used_bytes(), records); /* failing costs nothing */
    ac_fake_heal();
    take_n(center, blocks + 2048, 100);
    ac_center_give(center, blocks, 2148, ME, false);
    assert_int_equal(center->out, 0);
}

/* ---- misuse ---- */

static void give_one(void *block)
{
    ac_center_give(center_of(96), &block, 1, ME, false);
}

static void check_one(void *block)
{
    ac_center_check_block(span_of(block), block);
}

static void test_central__misuse_ends_the_process(void **state)
{
    void *blocks[8];
    struct ac_center *center = center_of(96);
    (void)state;
    take_n(center, blocks, 8);
    struct ac_span *span = span_of(blocks[0]);
    unit_expect_death(give_one, (char *)blocks[0] + 16, "free of a pointer into the middle of a block: 0x");
    unit_expect_death(check_one, (char *)blocks[0] + 48, "free of a pointer into the middle of a block: 0x");
    unit_expect_death(give_one, (char *)blocks[0] + 1, "free of a misaligned pointer 0x");
    unit_expect_death(check_one, (char *)blocks[0] + 8, "free of a misaligned pointer 0x");
    unit_expect_death(check_one, (void *)(span->base + 20 * 96),
                      "free of a block that was never allocated: 0x");
    unit_expect_death(give_one, (void *)(span->base + 340 * 96),
                      "free of a block that was never allocated: 0x");
    unit_expect_death(give_one, (void *)(span->base + 341 * 96), "free of a pointer into the middle");
    ac_center_give(center, blocks, 1, ME, false);
    unit_expect_death(give_one, blocks[0], "double free of 0x");
    unit_expect_death(check_one, blocks[0], "(size class 96, thread 1)");
    check_one(blocks[1]);
}

static void give_twice_in_a_batch(void *block)
{
    void *both[2] = {block, block};
    ac_center_give(center_of(96), both, 2, ME, false);
}

static void test_central__twice_in_one_batch(void **state)
{
    void *block;
    (void)state;
    take_n(center_of(96), &block, 1);
    unit_expect_death(give_twice_in_a_batch, block, "double free of 0x");
}

/* ---- forks ---- */

static sigjmp_buf vanished;

static void vanish(void *arg)
{
    (void)arg;
    ac_fake_fork();
    siglongjmp(vanished, 1);
}

/* Leaves the center as a thread does that is refilling from the page heap when another forks. */
static void tear(struct ac_center *center)
{
    struct ac_run run;
    void *block;
    while (ac_pageheap_take(1, 1, &run, OTHER, true))
        ;
    if (sigsetjmp(vanished, 0) == 0) {
        ac_fake_intrude(AC_FAKE_MAP_ALIGNED, vanish, NULL);
        while (ac_center_take(center, &block, 1, OTHER, true) == 1)
            ;
        fail();
    }
    assert_int_not_equal(center->lock.word, 0);
    ac_meta_recover(ME);
    ac_pageheap_recover(ME);
    ac_central_recover(ME);
    assert_int_equal(center->lock.word, 0);
}

static void test_central__torn_center_starts_over(void **state)
{
    void *old[60], *fresh[60];
    struct ac_center *center = center_of(1024);
    struct ac_center *sound = center_of(64);
    (void)state;
    take_n(center, old, 60);
    take_n(sound, fresh, 5);
    uint8_t epoch = center->epoch;
    for (unsigned i = 0; i < 60; i++)
        unit_fill(old[i], 1024, i);
    tear(center);
    assert_int_equal(center->epoch, epoch + 1);
    assert_int_equal(center->nspans, 0);
    assert_int_equal(sound->epoch, 0);
    assert_int_equal(sound->out, 5);
    take_n(center, fresh, 40);
    for (unsigned i = 0; i < 60; i++) {
        assert_true(unit_is_filled(old[i], 1024, i));
        for (unsigned k = 0; k < 40; k++)
            assert_ptr_not_equal(old[i], fresh[k]);
    }
    ac_center_give(center, old, 60, ME, false); /* of the old epoch: dropped */
    assert_int_equal(center->out, 40);
    ac_center_give(center, fresh, 40, ME, false);
    ac_center_drain(center, ME);
    assert_int_equal(center->nspans, 0);
    assert_int_equal(center->out, 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_central__try_take_waits_and_maps_for_nothing),
    UNIT_TEST(test_central__no_memory),
    UNIT_TEST(test_central__misuse_ends_the_process),
    UNIT_TEST(test_central__twice_in_one_batch),
    UNIT_TEST(test_central__torn_center_starts_over),
};
UNIT_MAIN(tests)

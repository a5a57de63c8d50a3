/* SPDX-License-Identifier: MIT
 *
 * test_shrink.c -- heap/magazine.c for classes that shrink, and ac_flush_untouched: few spans stay, the mode
 * ends, no block is lost or handed out twice whatever comes in between.
 */
#include "core/pageheap.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/heap.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "heap_check.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>

#define MAX_BLOCKS 24000u
#define MIB ((size_t)1 << 20)

static void *blocks[MAX_BLOCKS];
static const size_t sizes[] = {16, 64, 208, 1024, 1664, 4096, 8192, 10240, 32768};
#define NSIZES (sizeof sizes / sizeof sizes[0])

static struct ac_magazine *magazine(size_t size)
{
    return &ac_heap_self->magazines[ac_class_of_size(size)];
}

static const struct ac_bin *bin(size_t size)
{
    return &ac_heap_self->bins[ac_class_of_size(size)];
}

static struct ac_center *center(size_t size)
{
    return ac_center_peek(ac_heap_self->shard, ac_class_of_size(size));
}

static uint32_t cached(size_t size)
{
    return ac_magazine_count(ac_heap_self, ac_class_of_size(size));
}

static void *take_one(size_t size)
{
    void *block = acre_malloc(size);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % AC_GRANULE_BYTES, 0);
    unit_fill(block, 16, (uintptr_t)block);
    return block;
}

/* A block handed out twice has another's pattern, or none any more. */
static void give_one(void *block)
{
    assert_true(unit_is_filled(block, 16, (uintptr_t)block));
    memset(block, 0, 16);
    acre_free(block);
}

static void take(unsigned from, unsigned to, size_t size)
{
    for (unsigned i = from; i < to; i++)
        blocks[i] = take_one(size);
}

static void give(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        give_one(blocks[i]);
}

/* About 16 MiB, no matter how long the blocks are. */
static unsigned many(size_t size)
{
    unsigned n = (unsigned)(16 * MIB / size);
    return n < MAX_BLOCKS ? n : MAX_BLOCKS;
}

/* Returns how many of the first n blocks are gone by then. */
static unsigned make_shrink(unsigned n, size_t size)
{
    unsigned i = 0;
    take(0, n, size);
    while (!magazine(size)->shrinks || i % 50 != 0) {
        assert_true(i < n);
        give_one(blocks[i++]);
    }
    return i;
}

/* ---- few spans ---- */

/* An LRU cache whose sizes move: five blocks of the oldest go, one of the same size comes. */
static size_t live_after_aging(unsigned n, size_t size)
{
    unsigned head = 0;
    unsigned tail = n;
    take(0, n, size);
    while (tail - head > n / 8) {
        for (unsigned k = 0; k < 5; k++)
            give_one(blocks[head++ % n]);
        blocks[tail++ % n] = take_one(size);
    }
    for (unsigned i = head; i < tail; i++)
        assert_true(unit_is_filled(blocks[i % n], 16, (uintptr_t)blocks[i % n]));
    return tail - head;
}

static void test_shrink__few_spans_stay(void **state)
{
    (void)state;
    for (unsigned k = 0; k < NSIZES; k++) {
        size_t size = sizes[k];
        const struct ac_sizeclass *sc = &ac_sizeclass[ac_class_of_size(size)];
        size_t live = live_after_aging(many(size), size);
        size_t out = live + cached(size) + center(size)->ntransfer;
        size_t needed = (out + sc->nobj - 1) / sc->nobj;
        if (center(size)->nspans > needed + needed / 2 + 3)
            fail_msg("%zu bytes: %zu live and cached blocks in %u spans, %zu would do", size, out,
                     (unsigned)center(size)->nspans, needed);
        heap_check_walk(&(struct heap_walk){.units = 0});
        ac_trim(0);
        assert_int_equal(center(size)->out, live);
    }
}

/* ---- the mode ends ---- */

static void replace(unsigned from, unsigned to, size_t size, unsigned times)
{
    unsigned at = from;
    for (unsigned i = 0; i < times; i++) {
        give_one(blocks[at]);
        blocks[at] = take_one(size);
        at = at + 1 == to ? from : at + 1;
    }
}

static void check_last_in_first_out(unsigned from, size_t size)
{
    give(from, from + 2);
    assert_ptr_equal(acre_malloc(size), blocks[from + 1]);
    assert_ptr_equal(acre_malloc(size), blocks[from]);
    unit_fill(blocks[from], 16, (uintptr_t)blocks[from]);
    unit_fill(blocks[from + 1], 16, (uintptr_t)blocks[from + 1]);
}

static void test_shrink__steady_traffic_ends_it(void **state)
{
    (void)state;
    for (unsigned k = 0; k < NSIZES; k++) {
        unsigned n = many(sizes[k]);
        unsigned first = make_shrink(n, sizes[k]);
        replace(first, n, sizes[k], 1000);
        assert_false(magazine(sizes[k])->shrinks);
        assert_int_equal(magazine(sizes[k])->stock, 0);
        assert_true(bin(sizes[k])->base == (uintptr_t)magazine(sizes[k])->slots);
        uint32_t slow = ac_heap_self->slow_paths;
        replace(first, n, sizes[k], 10000);
        assert_in_range(ac_heap_self->slow_paths - slow, 0, 10);
        check_last_in_first_out(first, sizes[k]);
        give(first, n);
    }
    heap_check_counts(0, 0);
}

/* A program that takes more than it frees wants what it freed last. */
static void test_shrink__growth_ends_it(void **state)
{
    (void)state;
    for (unsigned k = 0; k < NSIZES; k++) {
        unsigned n = many(sizes[k]);
        unsigned first = make_shrink(n, sizes[k]);
        take(0, first, sizes[k]);
        assert_false(magazine(sizes[k])->shrinks);
        uint64_t refills = ac_heap_self->refills;
        replace(0, 1, sizes[k], 100);
        assert_in_range(ac_heap_self->refills - refills, 0, 1);
        check_last_in_first_out(0, sizes[k]);
        give(0, n);
    }
    heap_check_counts(0, 0);
}

/* A thread that swings around its magazine's capacity shrinks nothing. */
static void test_shrink__swinging_does_not_begin_it(void **state)
{
    (void)state;
    for (unsigned k = 0; k < NSIZES; k++) {
        unsigned n = 0;
        for (unsigned i = 0; i < 150; i++) {
            take(0, n, sizes[k]);
            give(0, n);
            n = magazine(sizes[k])->cap + magazine(sizes[k])->cap / 4u + 1;
            assert_false(magazine(sizes[k])->shrinks);
        }
    }
}

/* ---- the end of a program ---- */

static void test_shrink__teardown_is_fast(void **state)
{
    (void)state;
    take(0, 20000, 64);
    uint64_t refills = ac_heap_self->refills;
    uint32_t slow = ac_heap_self->slow_paths;
    give(0, 20000);
    assert_int_equal(ac_heap_self->refills, refills);
    /* Checked frees, growing magazines, then one flush a magazine. */
    assert_in_range(ac_heap_self->slow_paths - slow, AC_CHECKED_FREES,
                    AC_CHECKED_FREES + 60 + 20000 / (3 * AC_MAX_BATCH / 4));
    size_t nobj = ac_sizeclass[ac_class_of_size(64)].nobj;
    assert_in_range(center(64)->nspans, 0, (cached(64) + center(64)->ntransfer) / nobj + 4);
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* ---- no block lost, none handed out twice ---- */

static void nest(size_t size)
{
    ac_heap_self->bins[ac_class_of_size(size)].top += AC_BIN_BUSY;
    uint64_t top = bin(size)->top;
    void *block = take_one(size);
    assert_true(bin(size)->top == top);
    ac_heap_self->bins[ac_class_of_size(size)].top -= AC_BIN_BUSY;
    ac_heap_self->in_slow = 1;
    give_one(block);
    ac_heap_self->in_slow = 0;
}

/* Once in about ten times what the largest magazine holds. */
static void interfere(uint64_t *seed, size_t size)
{
    unsigned most = 1u << ac_sizeclass[ac_class_of_size(size)].magazine_log2;
    switch (unit_random(seed) % (50 * most)) {
    case 0:
        ac_thread_flush(ac_heap_self);
        break;
    case 1:
        ac_trim_caches(AC_ID_HELPER, false);
        break;
    case 2:
        ac_flush_untouched(ac_heap_self);
        break;
    case 3:
        ac_trim(unit_random(seed) % (4 * MIB));
        break;
    case 4:
        nest(size);
        break;
    }
}

/* The blocks [head, tail) live in a ring of n; the share of frees swings from far below half to far above. */
static unsigned swing(size_t size, unsigned n, unsigned steps, uint64_t *seed)
{
    unsigned head = 0;
    unsigned tail = 0;
    unsigned nshrinking = 0;
    for (unsigned i = 0; i < steps; i++) {
        unsigned frees_in_8 = i / (steps / 6) % 2 == 0 ? 1 : 7;
        if (unit_random(seed) % 8 < frees_in_8 && head != tail)
            give_one(blocks[head++ % n]);
        else if (tail - head < n)
            blocks[tail++ % n] = take_one(size);
        nshrinking += magazine(size)->shrinks;
        interfere(seed, size);
    }
    heap_check_counts(tail - head, 0);
    while (head != tail)
        give_one(blocks[head++ % n]);
    return nshrinking;
}

static void test_shrink__no_block_lost_or_doubled(void **state)
{
    uint64_t seed = 4;
    (void)state;
    acre_free(acre_malloc(100));
    for (unsigned k = 0; k < NSIZES; k++) {
        unsigned steps = sizes[k] < 1024 ? 48000 : 12000;
        unsigned nshrinking = swing(sizes[k], steps / 4, steps, &seed);
        assert_in_range(nshrinking, steps / 50, steps); /* or the test shows nothing */
        heap_check_counts(0, 0);
    }
    heap_check_empty();
}

/* A signal handler between two frees of the thread that shrinks, which leaves a block behind. */
static void test_shrink__handlers_in_between(void **state)
{
    (void)state;
    for (unsigned k = 0; k < NSIZES; k++) {
        unsigned n = many(sizes[k]);
        unsigned first = make_shrink(n, sizes[k]);
        for (unsigned i = first; i < n; i++) {
            if (i % 7 == 0)
                nest(sizes[k]);
            if (i % 3 == 0)
                blocks[i / 3] = take_one(sizes[k]);
            give_one(blocks[i]);
        }
        heap_check_walk(&(struct heap_walk){.units = 0});
        give((first + 2) / 3, (n + 2) / 3);
        heap_check_counts(0, 0);
    }
    heap_check_empty();
}

/* ---- without memory ---- */

static void *hogged[MAX_BLOCKS];

/* Takes what is free in the spans of a class and in the page heap, so that a stock cannot be filled. */
static unsigned hog(size_t size)
{
    struct ac_run run;
    unsigned n = 0;
    unsigned got = 1;
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    while (ac_pageheap_take(1, 1, &run, AC_ID_HELPER, true))
        ;
    for (; got != 0; n += got) {
        got = ac_center_take(center(size), hogged + n, MAX_BLOCKS - n, AC_ID_HELPER, false);
        if (got == 0)
            got = ac_center_take(center(size), hogged + n, MAX_BLOCKS - n, AC_ID_HELPER, true);
        assert_true(n + got < MAX_BLOCKS);
    }
    return n;
}

static void unhog(unsigned n, size_t size)
{
    ac_fake_heal();
    for (unsigned i = 0; i < n; i++)
        ac_center_give(center(size), &hogged[i], 1, AC_ID_HELPER, false);
}

/* The class shrinks, nothing is left in its spans but `left` blocks, and the system gives nothing: what the
 * magazine holds comes out, each block once, and then NULL. */
static void shrink_without_memory(size_t size, unsigned left)
{
    unsigned n = many(size) / 2;
    unsigned first = make_shrink(n, size);
    uint32_t count = cached(size);
    unsigned nhogged = hog(size);
    if (left > nhogged)
        left = nhogged;
    if (left != 0)
        ac_center_give(center(size), hogged + nhogged - left, left, AC_ID_HELPER, false);
    take(0, count + left, size);
    assert_null(acre_malloc(size));
    assert_null(acre_malloc(size));
    give(0, count + left);
    take(0, count, size);
    unhog(nhogged - left, size);
    take(count, first, size);
    give(0, n);
    heap_check_walk(&(struct heap_walk){.units = 0});
    assert_int_equal(center(size)->out, cached(size) + center(size)->ntransfer);
}

static void test_shrink__no_memory_for_the_stock(void **state)
{
    (void)state;
    for (unsigned left = 0; left < 40; left = left * 2 + 1) {
        for (unsigned k = 0; k < NSIZES; k++)
            shrink_without_memory(sizes[k], left);
    }
}

/* A handler that comes while the stock is being filled: the bin is busy, all locks are held. */
static void handle(void *arg)
{
    size_t size = *(size_t *)arg;
    assert_int_equal(ac_heap_self->in_slow, 1);
    give_one(take_one(size));
    *(size_t *)arg = 0;
}

static void test_shrink__handler_in_a_slow_path(void **state)
{
    (void)state;
    for (unsigned k = 0; k < NSIZES; k++) {
        size_t size = sizes[k];
        unsigned first = make_shrink(many(size), size);
        while (cached(size) + 1 > magazine(size)->cap) /* a full one would be flushed into the hogged spans */
            give_one(blocks[first++]);
        hog(size);
        ac_fake_heal();
        ac_fake_intrude(AC_FAKE_MAP_ALIGNED, handle, &size);
        blocks[0] = take_one(sizes[k]);
        assert_int_equal(size, 0);
        assert_true(magazine(sizes[k])->shrinks);
        take(1, first, sizes[k]);
        give(0, many(sizes[k]));
        heap_check_walk(&(struct heap_walk){.units = 0});
    }
}

/* ---- double frees ---- */

static void free_it(void *block)
{
    acre_free(block);
}

static void free_and_flush(void *block)
{
    acre_free(block);
    ac_thread_flush(ac_heap_self);
    ac_trim_centers(ac_heap_self->id); /* the first of the two may wait in the transfer cache */
}

static void check_double_frees(unsigned i, size_t size)
{
    assert_true(magazine(size)->shrinks);
    acre_free(blocks[i]);
    unit_expect_death(free_it, blocks[i], "acre: double free of 0x");
    acre_free(blocks[i + 1]);
    unit_expect_death(free_and_flush, blocks[i], "acre: double free of 0x"); /* at the latest here */
}

static void test_shrink__double_free(void **state)
{
    (void)state;
    for (unsigned k = 0; k < NSIZES; k++) {
        unsigned n = many(sizes[k]);
        unsigned i = make_shrink(n, sizes[k]);
        check_double_frees(i, sizes[k]);
        void *other = take_one(sizes[k]); /* from the stock, whose place the last freed one gets */
        if (other != blocks[i + 1])       /* its span may have gone and come back */
            unit_expect_death(free_and_flush, blocks[i + 1], "acre: double free of 0x");
        check_double_frees(i + 2, sizes[k]);
        give_one(other);
        give(i + 4, n);
    }
}

/* Emptying the magazine takes the stock along and ends the mode. */
static void test_shrink__untouched_stock_is_flushed(void **state)
{
    (void)state;
    unsigned first = make_shrink(20000, 64);
    give_one(blocks[first++]);
    blocks[0] = take_one(64);
    assert_true(magazine(64)->stock != 0);
    ac_flush_untouched(ac_heap_self);
    ac_flush_untouched(ac_heap_self);
    assert_int_equal(cached(64), 0);
    assert_true(bin(64)->base == AC_BIN_SHUT_BASE && bin(64)->limit == AC_BIN_SHUT_LIMIT);
    heap_check_counts(20001 - first, 0);
    take(1, 3, 64);
    assert_false(magazine(64)->shrinks);
    give(0, 3);
    give(first, 20000);
    heap_check_counts(0, 0);
    heap_check_empty();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_shrink__few_spans_stay),
    UNIT_TEST(test_shrink__steady_traffic_ends_it),
    UNIT_TEST(test_shrink__growth_ends_it),
    UNIT_TEST(test_shrink__swinging_does_not_begin_it),
    UNIT_TEST(test_shrink__teardown_is_fast),
    UNIT_TEST(test_shrink__no_block_lost_or_doubled),
    UNIT_TEST(test_shrink__handlers_in_between),
    UNIT_TEST(test_shrink__no_memory_for_the_stock),
    UNIT_TEST(test_shrink__handler_in_a_slow_path),
    UNIT_TEST(test_shrink__double_free),
    UNIT_TEST(test_shrink__untouched_stock_is_flushed),
};
UNIT_MAIN(tests)

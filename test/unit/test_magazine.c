/* SPDX-License-Identifier: MIT
 *
 * test_magazine.c -- heap/magazine.c below malloc and free: last in first out, checked frees, growth and
 * its bounds, what happens without memory for an array, and double frees.
 */
#include "core/meta.h"
#include "core/pagemap.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/heap.h"
#include "heap/thread.h"
#include "heap_check.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>

#define MAX_BLOCKS 2000
#define CACHE_BYTES 65536u

static void *blocks[MAX_BLOCKS];

static void take(unsigned n, size_t size)
{
    for (unsigned i = 0; i < n; i++) {
        blocks[i] = acre_malloc(size);
        assert_non_null(blocks[i]);
    }
}

static void give(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        acre_free(blocks[i]);
}

static void open_for_fast_frees(size_t size)
{
    take(2 * AC_CHECKED_FREES, size);
    give(2 * AC_CHECKED_FREES);
}

static void check_bin(const struct ac_heap *heap, unsigned class)
{
    const struct ac_bin *bin = &heap->bins[class];
    const struct ac_magazine *mag = &heap->magazines[class];
    if (mag->slots == NULL)
        return;
    uint64_t base = (uint64_t)(uintptr_t)mag->slots;
    assert_false(ac_bin_is_busy(bin->top));
    if (mag->emptied != 0 || bin->base == AC_BIN_SHUT_BASE) {
        assert_true(bin->base == AC_BIN_SHUT_BASE && bin->limit == AC_BIN_SHUT_LIMIT);
        return;
    }
    assert_true(bin->base == (mag->shrinks ? AC_BIN_SHRINK_BASE : base));
    assert_true(mag->stock == 0 || mag->shrinks);
    assert_true(bin->limit == base || bin->limit == base + mag->cap * sizeof(void *));
    assert_true(bin->top >= base && bin->top <= base + mag->cap * sizeof(void *));
    assert_true(mag->cap < 1u << ac_sizeclass[class].magazine_log2 || mag->cap < 1u << 3);
    assert_true(mag->cap <= 2 || mag->cap * ac_sizeclass[class].size_bytes <= CACHE_BYTES);
}

static void check_all_bins(void)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        check_bin(ac_heap_self, c);
}

static void test_magazine__last_in_first_out(void **state)
{
    (void)state;
    open_for_fast_frees(64);
    take(3, 64);
    for (unsigned i = 0; i < 3; i++)
        acre_free(blocks[i]);
    for (unsigned i = 3; i-- > 0;)
        assert_ptr_equal(acre_malloc(64), blocks[i]);
}

static void test_magazine__one_block_costs_little(void **state)
{
    (void)state;
    acre_free(acre_malloc(64));
    size_t cached = 0;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        void *block = acre_malloc(ac_sizeclass[c].size_bytes);
        cached += (size_t)ac_magazine_count(ac_heap_self, c) * ac_sizeclass[c].size_bytes;
        acre_free(block);
    }
    assert_true(cached <= 64 * 1024);
}

static void test_magazine__first_frees_are_checked(void **state)
{
    unsigned class = ac_class_of_size(80);
    (void)state;
    take(AC_CHECKED_FREES + 10, 80);
    struct ac_bin *bin = &ac_heap_self->bins[class];
    for (unsigned i = 0; i < AC_CHECKED_FREES; i++) {
        assert_true(bin->limit == bin->base);
        acre_free(blocks[i]);
        assert_int_equal(ac_heap_self->magazines[class].checked, i + 1);
        check_bin(ac_heap_self, class);
    }
    acre_free(blocks[AC_CHECKED_FREES]);
    assert_int_equal(ac_heap_self->magazines[class].checked, AC_CHECKED_FREES);
    assert_true(bin->limit > bin->base);
}

static void swing(unsigned n, size_t size, unsigned times)
{
    for (unsigned t = 0; t < times; t++) {
        take(n, size);
        give(n);
        check_all_bins();
    }
}

static void test_magazine__grows_when_a_program_swings(void **state)
{
    unsigned class = ac_class_of_size(64);
    (void)state;
    swing(2, 64, 200);
    unsigned small = ac_heap_self->magazines[class].cap;
    swing(300, 64, 200);
    assert_true(ac_heap_self->magazines[class].cap > 4 * small);
    uint64_t slow = ac_heap_self->refills + ac_heap_self->flushes;
    swing(100, 64, 100);
    assert_true(ac_heap_self->refills + ac_heap_self->flushes - slow <= 20);
}

/* All classes in use at the same pace: the thread's caches together stay within their bound, and grow
 * beyond it when much more is in use. */
static void test_magazine__all_classes_share_a_bound(void **state)
{
    size_t first_bytes = 0, capacity_bytes = 0;
    (void)state;
    for (unsigned t = 0; t < 20; t++) {
        for (unsigned c = 1; c < AC_NCLASSES; c++)
            swing(c < 40 ? 700 : 80, ac_sizeclass[c].size_bytes, 1);
    }
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        capacity_bytes += (size_t)ac_heap_self->magazines[c].cap * ac_sizeclass[c].size_bytes;
        first_bytes += ac_sizeclass[c].size_bytes > 512 ? ac_sizeclass[c].size_bytes : 512;
    }
    assert_true(capacity_bytes <= AC_CACHE_BYTES + first_bytes);
    assert_true(capacity_bytes >= AC_CACHE_BYTES / 2);

    void *large = acre_malloc((size_t)256 << 20);
    size_t before = ac_heap_self->capacity_bytes;
    for (unsigned t = 0; t < 20; t++) {
        for (unsigned c = 1; c < AC_NCLASSES; c++)
            swing(c < 40 ? 700 : 80, ac_sizeclass[c].size_bytes, 1);
    }
    assert_true(ac_heap_self->capacity_bytes > before);
    acre_free(large);
}

static void test_magazine__every_class_within_bounds(void **state)
{
    (void)state;
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        swing(c < 40 ? 700 : 60, ac_sizeclass[c].size_bytes, 8);
    assert_true(ac_heap_self->refills > 0 && ac_heap_self->flushes > 0);
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* HP1: what is in a magazine is in use as far as its span knows. */
static void test_magazine__cached_blocks_are_in_use_in_their_span(void **state)
{
    (void)state;
    swing(500, 96, 5);
    unsigned class = ac_class_of_size(96);
    unsigned count = ac_magazine_count(ac_heap_self, class);
    assert_true(count > 0);
    for (unsigned i = 0; i < count; i++) {
        void *block = ac_heap_self->magazines[class].slots[i];
        ac_center_check_block(ac_entry_span(ac_pagemap_get(block)), block);
        for (unsigned k = 0; k < i; k++)
            assert_ptr_not_equal(ac_heap_self->magazines[class].slots[k], block);
    }
}

static void test_magazine__flush_by_the_thread(void **state)
{
    (void)state;
    swing(500, 96, 5);
    assert_true(ac_flush_cached_bytes(ac_heap_self) > 0);
    ac_thread_flush(ac_heap_self);
    assert_int_equal(ac_flush_cached_bytes(ac_heap_self), 0);
    heap_check_counts(0, 0);
    swing(10, 96, 3);
    heap_check_counts(0, 0);
}

/* ---- without memory ---- */

/* Takes what is left of the metadata, so that nobody gets any. */
static void use_up_metadata(void)
{
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    while (ac_meta_get(1, AC_ID_HELPER) != NULL)
        ;
}

static void *free_all(void *arg)
{
    use_up_metadata();
    give((unsigned)(uintptr_t)arg);
    ac_fake_heal();
    return NULL;
}

static void *allocate(void *arg)
{
    return acre_malloc((size_t)(uintptr_t)arg);
}

/* A thread of the same shard frees classes it has no arrays for, and gets none. */
static void test_magazine__no_memory_for_an_array(void **state)
{
    unsigned n = 0;
    (void)state;
    ac_fake_set_conf("shards=1");
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        blocks[n] = acre_malloc(ac_sizeclass[c].size_bytes);
        assert_non_null(blocks[n++]);
    }
    acre_free(unit_in_thread(allocate, (void *)64)); /* its heap is pooled */
    unit_in_thread(free_all, (void *)(uintptr_t)n);
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* No array, no block, and the bin is as it was. */
static void test_magazine__no_memory_for_the_first_array(void **state)
{
    (void)state;
    acre_free(acre_malloc(16));
    use_up_metadata();
    for (unsigned c = 2; c < AC_NCLASSES; c++) {
        assert_null(acre_malloc(ac_sizeclass[c].size_bytes));
        assert_false(ac_bin_is_busy(ac_heap_self->bins[c].top));
    }
    ac_fake_heal();
    swing(20, 500, 3);
    heap_check_counts(0, 0);
}

static void test_magazine__no_memory_to_grow(void **state)
{
    (void)state;
    swing(400, 64, 2);
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    swing(400, 64, 100);
    ac_fake_heal();
    heap_check_counts(0, 0);
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
}

static void test_magazine__double_free(void **state)
{
    (void)state;
    take(30, 64);
    acre_free(blocks[3]);
    unit_expect_death(free_it, blocks[3], "acre: double free of 0x");
    acre_free(blocks[4]);
    acre_free(blocks[5]);
    unit_expect_death(free_it, blocks[3], "(size class 64, thread 1)");
    unit_expect_death(free_it, (char *)blocks[6] + 16,
                      "acre: free of a pointer into the middle of a block: 0x");
    unit_expect_death(free_it, (char *)blocks[6] + 1, "acre: free of a misaligned pointer 0x");
}

static void test_magazine__double_free_on_the_fast_path(void **state)
{
    (void)state;
    open_for_fast_frees(64);
    take(10, 64);
    acre_free(blocks[0]);
    unit_expect_death(free_it, blocks[0], "acre: double free of 0x"); /* twice in a row */
    acre_free(blocks[1]);
    unit_expect_death(free_and_flush, blocks[0], "acre: double free of 0x"); /* at the latest here */
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_magazine__last_in_first_out),
    UNIT_TEST(test_magazine__one_block_costs_little),
    UNIT_TEST(test_magazine__first_frees_are_checked),
    UNIT_TEST(test_magazine__grows_when_a_program_swings),
    UNIT_TEST(test_magazine__all_classes_share_a_bound),
    UNIT_TEST(test_magazine__every_class_within_bounds),
    UNIT_TEST(test_magazine__cached_blocks_are_in_use_in_their_span),
    UNIT_TEST(test_magazine__flush_by_the_thread),
    UNIT_TEST(test_magazine__no_memory_for_an_array),
    UNIT_TEST(test_magazine__no_memory_for_the_first_array),
    UNIT_TEST(test_magazine__no_memory_to_grow),
    UNIT_TEST(test_magazine__double_free),
    UNIT_TEST(test_magazine__double_free_on_the_fast_path),
};
UNIT_MAIN(tests)

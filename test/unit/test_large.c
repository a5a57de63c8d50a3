/* SPDX-License-Identifier: MIT
 *
 * test_large.c -- heap/large.c: runs and mappings, zero or not, resized in place and by moving, kept for
 * re-use, refused; and what another thread may do between two calls of the system.
 */
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/large.h"
#include "heap/thread.h"
#include "heap_check.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>

#define ME 7u
#define OTHER 9u
#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)

/* The window and the options, as the first allocation of a process makes them. */
static void start(void)
{
    acre_free(acre_malloc(1));
}

static void *alloc(size_t size, size_t align, bool *out_zero)
{
    void *block = ac_large_alloc(size, align, ME, false, out_zero);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % align, 0);
    return block;
}

static struct ac_span *span_of(const void *block)
{
    return ac_entry_span(ac_pagemap_get(block));
}

static void release(void *block)
{
    ac_large_free(span_of(block), block, ME);
}

static void test_large__kinds_and_sizes(void **state)
{
    static const size_t sizes[] = {0,      1,       4096, 4097,    32769,   65536,
                                   100000, MIB - 1, MIB,  MIB + 1, 3 * MIB, 70 * MIB};
    bool zero;
    (void)state;
    start();
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = alloc(sizes[i], 16, &zero);
        struct ac_span *span = span_of(block);
        assert_int_equal(span->kind, sizes[i] <= MIB ? AC_SPAN_LARGE : AC_SPAN_HUGE);
        assert_int_equal(span->bytes, ((sizes[i] == 0 ? 1 : sizes[i]) + 4095) / 4096 * 4096);
        assert_true(zero);
        block[0] = 1;
        block[span->bytes - 1] = 1;
        heap_check_counts(0, 1);
        release(block);
        heap_check_counts(0, 0);
        ac_purge_all(0, ME);
    }
    assert_int_equal(ac_large_live_bytes(), 0);
}

static void test_large__alignments(void **state)
{
    bool zero;
    (void)state;
    start();
    for (size_t align = 16; align <= 256 * MIB; align *= 4) {
        void *blocks[6];
        for (unsigned i = 0; i < 6; i++) {
            blocks[i] = alloc(i * 50000 + 1, align, &zero);
            unit_fill(blocks[i], i * 50000 + 1, i);
        }
        for (unsigned i = 0; i < 6; i++) {
            assert_true(unit_is_filled(blocks[i], i * 50000 + 1, i));
            release(blocks[i]);
        }
    }
    assert_null(ac_large_alloc(1, (size_t)1 << 47, ME, false, &zero));
    assert_null(ac_large_alloc((size_t)PTRDIFF_MAX + 1, 16, ME, false, &zero));
    assert_null(ac_large_alloc(PTRDIFF_MAX, 16, ME, false, &zero));
    assert_null(ac_large_alloc((size_t)1 << 46, 16, ME, false, &zero));
    heap_check_empty();
}

/* What is said to be zero is, whatever the memory was before. */
static void test_large__zero_is_zero(void **state)
{
    uint64_t seed = 9;
    void *blocks[24] = {NULL};
    size_t sizes[24];
    (void)state;
    start();
    unsigned nzero = 0;
    for (unsigned i = 0; i < 3000; i++) {
        unsigned k = (unsigned)(unit_random(&seed) % 24);
        if (blocks[k] != NULL) {
            release(blocks[k]);
            blocks[k] = NULL;
            if (i % 7 == 0)
                ac_purge_all(unit_random(&seed) % (8 * MIB), ME);
            continue;
        }
        bool zero;
        sizes[k] = 1 + unit_random(&seed) % (i % 9 == 0 ? 3 * MIB : 200 * KIB);
        blocks[k] = alloc(sizes[k], 16, &zero);
        nzero += zero;
        if (zero)
            assert_true(unit_is_zero(blocks[k], span_of(blocks[k])->bytes));
        unit_fill(blocks[k], sizes[k], i);
    }
    assert_in_range(nzero, 10, 1490);
}

static void test_large__run_grows_and_shrinks_in_place(void **state)
{
    bool zero;
    (void)state;
    start();
    char *block = alloc(100 * KIB, 16, &zero);
    struct ac_span *span = span_of(block);
    unit_fill(block, 100 * KIB, 1);
    for (size_t size = 100 * KIB; size <= MIB; size += 52 * KIB) {
        assert_ptr_equal(ac_large_resize(span, block, size, ME), block);
        assert_int_equal(span->bytes, size);
        heap_check_counts(0, 1);
    }
    assert_true(unit_is_filled(block, 100 * KIB, 1));
    for (size_t size = MIB; size > 40 * KIB; size -= 92 * KIB) {
        assert_ptr_equal(ac_large_resize(span, block, size, ME), block);
        heap_check_counts(0, 1);
    }
    assert_null(ac_large_resize(span, block, MIB + 1, ME)); /* a run cannot be so long */
    void *wall = alloc(32 * KIB, 16, &zero);
    while (span_of((char *)block + ac_span_bytes(span)) == NULL)
        wall = alloc(32 * KIB, 16, &zero);
    assert_non_null(wall);
    size_t bytes = span->bytes;
    assert_null(ac_large_resize(span, block, bytes + 64 * KIB, ME));
    assert_int_equal(span->bytes, bytes);
}

static void test_large__mapping_resizes_by_the_system(void **state)
{
    bool zero;
    (void)state;
    start();
    char *block = alloc(2 * MIB, 16, &zero);
    struct ac_span *span = span_of(block);
    unit_fill(block, 2 * MIB, 1);
    for (size_t size = 2 * MIB; size <= 64 * MIB; size = size * 3 / 2) {
        char *moved = ac_large_resize(span, block, size, ME);
        assert_non_null(moved);
        assert_ptr_equal(span_of(moved), span);
        if (moved != block)
            assert_int_equal(ac_entry_shard(ac_pagemap_get(block)), AC_FREED_SHARD);
        block = moved;
        assert_true(unit_is_filled(block, 2 * MIB, 1));
        if (size > 2 * MIB)
            memset(block + size - 4096, 3, 4096);
        heap_check_counts(0, 1);
    }
    assert_true(ac_fake_calls(AC_FAKE_RESIZE) + ac_fake_calls(AC_FAKE_MOVE) > 0);
    size_t mapped = ac_fake_mapped_bytes();
    assert_ptr_equal(ac_large_resize(span, block, 2 * MIB, ME), block);
    assert_true(ac_fake_mapped_bytes() <= mapped - 40 * MIB); /* the tail went back at once */
    assert_true(unit_is_filled(block, 2 * MIB, 1));
    heap_check_counts(0, 1);
    release(block);
    heap_check_empty();
}

static void test_large__growing_step_by_step_moves_seldom(void **state)
{
    bool zero;
    (void)state;
    start();
    char *block = alloc(2 * MIB, 16, &zero);
    struct ac_span *span = span_of(block);
    for (size_t size = 2 * MIB; size < 200 * MIB; size += 256 * KIB) {
        void *wall = ac_os_map((uintptr_t)block + ac_span_bytes(span), 4096); /* never in place */
        block = ac_large_resize(span, block, size, ME);
        assert_non_null(block);
        if (wall != NULL)
            ac_os_unmap(wall, 4096);
    }
    assert_true(ac_fake_calls(AC_FAKE_MOVE) <= 60);
}

static void test_large__freed_mapping_is_used_again(void **state)
{
    bool zero;
    (void)state;
    start();
    char *block = alloc(5 * MIB, 16, &zero);
    memset(block, 1, 5 * MIB);
    release(block);
    uint64_t calls = ac_fake_calls(AC_FAKE_ANY);
    char *again = alloc(4 * MIB, 16, &zero);
    assert_ptr_equal(again, block);
    assert_false(zero);
    assert_int_equal(ac_fake_calls(AC_FAKE_ANY), calls);
    assert_int_equal(ac_mapcache_bytes(), MIB);
    assert_ptr_equal(ac_large_resize(span_of(again), again, 5 * MIB, ME),
                     again); /* into what is kept behind it */
    assert_int_equal(ac_mapcache_bytes(), 0);
    release(again);
    heap_check_empty();
}

/* Growing in place may lead into a part of the address space that the page map has no leaf for yet. */
static void test_large__grown_into_another_leaf(void **state)
{
    bool zero;
    (void)state;
    start();
    uintptr_t border = (ac_fake_space_base() + ((uintptr_t)30 << 30)) & ~(((uintptr_t)1 << 32) - 1);
    ac_fake_place_below(border);
    char *block = alloc(2 * MIB, 16, &zero);
    assert_true((uintptr_t)block + 2 * MIB == border);
    assert_ptr_equal(ac_large_resize(span_of(block), block, 9 * MIB, ME), block);
    assert_true(ac_fake_calls(AC_FAKE_RESIZE) > 0);
    heap_check_counts(0, 1);
    release(block);
    assert_int_equal(ac_mapcache_bytes(), 9 * MIB);
    char *below = alloc(2 * MIB, 16, &zero); /* both from what is kept */
    char *above = alloc(2 * MIB, 16, &zero);
    assert_true((uintptr_t)below < border && (uintptr_t)above == border);
    heap_check_counts(0, 2);
    release(below);
    release(above);
    heap_check_empty();
}

/* ---- refused ---- */

static void test_large__no_memory_changes_nothing(void **state)
{
    bool zero;
    (void)state;
    start();
    char *run = alloc(200 * KIB, 16, &zero);
    char *map = alloc(2 * MIB, 16, &zero);
    unit_fill(run, 200 * KIB, 1);
    unit_fill(map, 2 * MIB, 2);
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    assert_null(ac_large_alloc(3 * MIB, 16, ME, false, &zero));
    assert_null(ac_large_resize(span_of(map), map, 9 * MIB, ME));
    assert_true(unit_is_filled(map, 2 * MIB, 2));
    assert_int_equal(span_of(map)->bytes, 2 * MIB);
    assert_ptr_equal(ac_large_resize(span_of(run), run, 100 * KIB, ME), run); /* needs nobody */
    assert_ptr_equal(ac_large_resize(span_of(map), map, MIB + 4096, ME), map);
    ac_fake_heal();
    heap_check_counts(0, 2);
    release(run);
    release(map);
    heap_check_empty();
}

static void test_large__unmap_refused_when_freeing(void **state)
{
    bool zero;
    void *blocks[300];
    (void)state;
    start();
    for (unsigned i = 0; i < 300; i++)
        blocks[i] = alloc(2 * MIB, 16, &zero);
    for (unsigned i = 0; i < 300; i++)
        memset(blocks[i], 1, 4096);
    size_t resident = ac_fake_resident_bytes();
    ac_fake_fail(AC_FAKE_UNMAP, 1, true);
    for (unsigned i = 0; i < 300; i += 2) /* no two are neighbours: more than the cache has places for */
        release(blocks[i]);
    for (unsigned i = 1; i < 300; i += 2)
        release(blocks[i]);
    ac_purge_all(0, ME);
    heap_check_counts(0, 0);
    assert_in_range(ac_fake_resident_bytes(), 0,
                    resident - 280 * 4096); /* addresses may be lost, memory not */
    ac_fake_heal();
    for (unsigned i = 0; i < 50; i++)
        release(alloc(2 * MIB, 16, &zero));
    heap_check_empty();
}

/* When the addresses are used up, what is kept is given back for the block. */
static void test_large__kept_memory_is_no_reason_to_refuse(void **state)
{
    bool zero;
    void *blocks[64];
    (void)state;
    start();
    for (unsigned i = 0; i < 64; i++)
        blocks[i] = alloc(i % 2 == 0 ? 2 * MIB : 512 * KIB, 16, &zero);
    ac_fake_limit_bytes(ac_fake_mapped_bytes());
    for (unsigned i = 0; i < 64; i++)
        release(blocks[i]);
    void *block = alloc(60 * MIB, 16, &zero);
    release(block);
    heap_check_counts(0, 0);
}

/* ---- misuse ---- */

static void free_it(void *block)
{
    release(block);
}

static void api_free(void *block)
{
    acre_free(block);
}

static void test_large__crimes(void **state)
{
    bool zero;
    (void)state;
    start();
    char *run = alloc(200 * KIB, 16, &zero);
    char *map = alloc(2 * MIB, 16, &zero);
    unit_expect_death(free_it, run + 64 * KIB, "free of a pointer into the middle of a block: 0x");
    unit_expect_death(free_it, run + 24, "free of a misaligned pointer 0x");
    unit_expect_death(api_free, map + 4096, "free of a pointer into the middle");
    release(run);
    release(map);
    unit_expect_death(api_free, run, "double free of 0x");
    unit_expect_death(api_free, map, "double free of 0x");
}

/* ---- another thread in between ---- */

static void *intruders_block;

static void allocate_in_between(void *arg)
{
    bool zero;
    intruders_block = ac_large_alloc(*(size_t *)arg, 16, OTHER, false, &zero);
    unit_fill(intruders_block, 1000, 77);
}

/* The moved block's old addresses may be another thread's the moment the system has moved the pages. */
static void test_large__old_place_is_taken_at_once(void **state)
{
    bool zero;
    size_t size = 3 * MIB;
    (void)state;
    start();
    void *spare = alloc(2 * MIB, 16, &zero);
    char *block = alloc(3 * MIB, 16, &zero);
    unit_fill(block, 3 * MIB, 5);
    ac_fake_intrude(AC_FAKE_MOVE, allocate_in_between, &size);
    char *moved = ac_large_resize(span_of(block), block, 40 * MIB, ME);
    assert_non_null(moved);
    assert_true(moved != block);
    assert_ptr_equal(intruders_block, block); /* or the test shows nothing */
    assert_non_null(span_of(intruders_block));
    assert_true(unit_is_filled(intruders_block, 1000, 77));
    heap_check_counts(0, 3);
    release(intruders_block);
    release(moved);
    release(spare);
    heap_check_counts(0, 0);
}

static void test_large__freed_place_is_taken_at_once(void **state)
{
    bool zero;
    size_t size = 70 * MIB;
    (void)state;
    start();
    char *block = alloc(70 * MIB, 16, &zero); /* too long to be kept */
    ac_fake_intrude(AC_FAKE_UNMAP, allocate_in_between, &size);
    release(block);
    assert_ptr_equal(intruders_block, block);
    heap_check_counts(0, 1);
    release(intruders_block);
    heap_check_counts(0, 0);
}

/* The system moves nothing longer, and loses the addresses to another thread at the second try. */
static void test_large__addresses_lost_at_the_second_try(void **state)
{
    bool zero;
    (void)state;
    start();
    char *block = alloc(3 * MIB, 16, &zero);
    unit_fill(block, 3 * MIB, 3);
    size_t mapped = ac_fake_mapped_bytes();
    ac_fake_fail(AC_FAKE_RESIZE, 1, true);
    ac_fake_fail(AC_FAKE_MOVE, 1, true);
    ac_fake_fail(AC_FAKE_MAP, 2, false);
    assert_null(ac_large_resize(span_of(block), block, 6 * MIB, ME));
    ac_fake_heal();
    assert_int_equal(ac_fake_mapped_bytes(), mapped + 3 * MIB); /* what is another's now */
    assert_true(unit_is_filled(block, 3 * MIB, 3));
    release(block);
}

/* In a handler, which may find the store of records busy, when memory is exhausted. */
static void test_large__a_handler_leaks_no_record(void **state)
{
    bool zero;
    (void)state;
    start();
    release(alloc(3 * MIB, 16, &zero));
    size_t records = ac_meta_used_bytes();
    size_t mapped = ac_fake_mapped_bytes();
    for (unsigned i = 0; i < 1000; i++) {
        bool busy = i % 2 != 0;
        if (busy)
            ac_meta_hold(OTHER);
        ac_fake_fail(AC_FAKE_MAP_ALIGNED, 1, true);
        assert_null(ac_large_alloc(100 * MIB, 16, ME, true, &zero));
        ac_fake_heal();
        if (busy)
            ac_meta_let_go();
    }
    assert_int_equal(ac_meta_used_bytes(), records);
    assert_int_equal(ac_fake_mapped_bytes(), mapped);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_large__a_handler_leaks_no_record),
    UNIT_TEST(test_large__kinds_and_sizes),
    UNIT_TEST(test_large__alignments),
    UNIT_TEST(test_large__zero_is_zero),
    UNIT_TEST(test_large__run_grows_and_shrinks_in_place),
    UNIT_TEST(test_large__mapping_resizes_by_the_system),
    UNIT_TEST(test_large__growing_step_by_step_moves_seldom),
    UNIT_TEST(test_large__freed_mapping_is_used_again),
    UNIT_TEST(test_large__grown_into_another_leaf),
    UNIT_TEST(test_large__no_memory_changes_nothing),
    UNIT_TEST(test_large__unmap_refused_when_freeing),
    UNIT_TEST(test_large__kept_memory_is_no_reason_to_refuse),
    UNIT_TEST(test_large__crimes),
    UNIT_TEST(test_large__old_place_is_taken_at_once),
    UNIT_TEST(test_large__freed_place_is_taken_at_once),
    UNIT_TEST(test_large__addresses_lost_at_the_second_try),
};
UNIT_MAIN(tests)

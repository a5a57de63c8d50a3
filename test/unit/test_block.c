/* SPDX-License-Identifier: MIT
 *
 * test_block.c -- heap/block.c and the public functions over it: zeroed, aligned, resized, measured and
 * sized, alone and in random work of all of them with every counter compared to what is really out.
 */
#include "core/pagemap.h"
#include "core/span.h"
#include "heap/hooks.h"
#include "heap_check.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <errno.h>

#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)
#define NSLOTS 400

static const size_t edges[] = {0,     1,     15,        16,      17,          1000,    4096,    32767,
                               32768, 32769, 40 * 1024, 1048576, 1048576 + 1, 3 << 20, 20 << 20};
#define NEDGES (sizeof edges / sizeof edges[0])

/* Hidden from the compiler, which would refuse it. */
static volatile size_t no_size = SIZE_MAX;
static volatile size_t no_align = 0;

static bool is_small(const void *block)
{
    const struct ac_span *span = ac_entry_span(ac_pagemap_get(block));
    return span->kind == AC_SPAN_SMALL;
}

static void dirty_the_heap(void)
{
    void *blocks[64];
    for (unsigned i = 0; i < 64; i++) {
        size_t size = edges[i % NEDGES];
        blocks[i] = acre_malloc(size);
        memset(blocks[i], 0xff, size < 4 * MIB ? size : 4 * MIB);
    }
    for (unsigned i = 0; i < 64; i++)
        acre_free(blocks[i]);
}

static void test_block__usable_is_good_size(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NEDGES; i++) {
        char *block = acre_malloc(edges[i]);
        size_t usable = acre_usable_size(block);
        assert_true(usable >= edges[i] && usable >= 16);
        assert_int_equal(acre_good_size(edges[i]), usable);
        block[usable - 1] = 1;
        acre_free(block);
    }
    assert_int_equal(acre_usable_size(NULL), 0);
    assert_int_equal(acre_good_size(no_size), no_size);
    assert_int_equal(acre_good_size((size_t)PTRDIFF_MAX + 1), (size_t)PTRDIFF_MAX + 1);
}

static void test_block__calloc_is_zero_to_the_end(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        dirty_the_heap();
        for (unsigned i = 0; i < NEDGES; i++) {
            char *block = acre_calloc(1, edges[i]);
            assert_true(unit_is_zero(block, acre_usable_size(block)));
            acre_free(block);
        }
    }
    errno = 0;
    assert_null(acre_calloc(no_size / 2, 3));
    assert_int_equal(errno, ENOMEM);
    assert_null(acre_calloc(no_size / 2 + 1, 2));
    void *none = acre_calloc(0, no_size);
    assert_non_null(none);
    acre_free(none);
}

static void test_block__aligned(void **state)
{
    (void)state;
    for (size_t align = 1; align <= 8 * MIB; align *= 2) {
        for (unsigned i = 0; i < NEDGES - 1; i++) {
            char *a = acre_aligned_alloc(align, edges[i]);
            char *b = acre_aligned_alloc(align, edges[i]);
            assert_non_null(b);
            assert_int_equal((uintptr_t)a % align, 0);
            assert_int_equal((uintptr_t)b % align, 0);
            unit_fill(a, edges[i], 1);
            unit_fill(b, edges[i], 2);
            assert_true(unit_is_filled(a, edges[i], 1));
            acre_free_aligned_sized(a, align, edges[i]);
            acre_free(b);
        }
    }
    heap_check_counts(0, 0);
}

static void test_block__aligned_arguments(void **state)
{
    void *out = &out;
    (void)state;
    errno = 0;
    assert_null(acre_aligned_alloc(no_align, 8));
    assert_int_equal(errno, EINVAL);
    assert_null(acre_aligned_alloc(no_align + 24, 8));
    errno = 0;
    assert_null(acre_aligned_alloc(no_size / 2 + 1, 8));
    assert_int_equal(errno, ENOMEM);
    assert_null(acre_aligned_alloc(64, no_size));
    assert_int_equal(acre_posix_memalign(&out, 4, 8), EINVAL);
    assert_int_equal(acre_posix_memalign(&out, 0, 8), EINVAL);
    assert_int_equal(acre_posix_memalign(&out, 64, no_size), ENOMEM);
    assert_ptr_equal(out, &out);
    assert_int_equal(acre_posix_memalign(&out, 4096, 8), 0);
    assert_int_equal((uintptr_t)out % 4096, 0);
    acre_free(out);
}

/* From every size to every size. */
static void test_block__realloc_matrix(void **state)
{
    (void)state;
    for (unsigned from = 0; from < NEDGES; from++) {
        for (unsigned to = 1; to < NEDGES; to++) {
            size_t both = edges[from] < edges[to] ? edges[from] : edges[to];
            unsigned char *block = acre_malloc(edges[from]);
            memset(block, 0xa5, edges[from] < 64 ? edges[from] : 64);
            if (both >= 128)
                memset(block + both - 64, 0x5a, 64);
            unsigned char *resized = acre_realloc(block, edges[to]);
            assert_non_null(resized);
            for (size_t i = 0; i < 64 && i < both; i++)
                assert_int_equal(resized[i], 0xa5);
            for (size_t i = 0; both >= 128 && i < 64; i++)
                assert_int_equal(resized[both - 64 + i], 0x5a);
            assert_int_equal(acre_usable_size(resized), acre_good_size(edges[to]));
            acre_free_sized(resized, edges[to]); /* BL1 */
        }
    }
    heap_check_counts(0, 0);
}

static void test_block__realloc_arguments(void **state)
{
    (void)state;
    char *block = acre_realloc(NULL, 100);
    assert_ptr_equal(acre_realloc(block, 112), block);
    errno = 7;
    assert_null(acre_realloc(block, 0));
    assert_int_equal(errno, 7);
    heap_check_counts(0, 0);
    block = acre_malloc(100);
    unit_fill(block, 100, 1);
    errno = 0;
    assert_null(acre_realloc(block, no_size));
    assert_int_equal(errno, ENOMEM);
    assert_null(acre_realloc(block, (size_t)1 << 46));
    assert_null(acre_reallocarray(block, no_size / 4, 8));
    assert_true(unit_is_filled(block, 100, 1));
    block = acre_reallocarray(block, 100, 50);
    assert_int_equal(acre_usable_size(block), acre_good_size(5000));
    acre_free(block);
}

struct sized {
    void *block;
    size_t size;
    size_t align;
};

static void free_sized(void *arg)
{
    const struct sized *s = arg;
    if (s->align != 0)
        acre_free_aligned_sized(s->block, s->align, s->size);
    else
        acre_free_sized(s->block, s->size);
}

static void test_block__sized_free_of_the_wrong_size(void **state)
{
    (void)state;
    acre_free_sized(NULL, 77);
    acre_free_aligned_sized(NULL, 64, 77);
    for (unsigned i = 1; i < NEDGES; i++) {
        struct sized s = {acre_malloc(edges[i]), edges[i] * 2 + 40000, 0};
        unit_expect_death(free_sized, &s, "sized free with the wrong size of 0x");
        s.size = edges[i] > 32768 ? 100 : edges[i] + 1000000;
        unit_expect_death(free_sized, &s, "sized free with the wrong size of 0x");
        acre_free_sized(s.block, edges[i]);
    }
    struct sized s = {acre_aligned_alloc(64, 200), 200, 48};
    unit_expect_death(free_sized, &s, "sized free with the wrong alignment of 0x");
    s.align = 1 << 20;
    unit_expect_death(free_sized, &s, "sized free with the wrong alignment of 0x");
    s.align = 64;
    s.size = 2000;
    unit_expect_death(free_sized, &s, "sized free with the wrong size of 0x");
    heap_check_counts(1, 0);
}

static void use_it(void *block)
{
    (void)acre_usable_size(block);
}

static void test_block__use_of_what_is_no_block(void **state)
{
    char local[64];
    (void)state;
    char *block = acre_malloc(96);
    unit_expect_death(use_it, block + 32, "free of a pointer into the middle");
    unit_expect_death(use_it, local, "realloc or usable size of a pointer acre did not allocate: 0x");
    char *large = acre_malloc(100000);
    acre_free(large);
    unit_expect_death(use_it, large, "realloc or usable size of a freed block: 0x");
    acre_free(block);
}

static void free_it(void *block)
{
    acre_free(block);
}

static void test_block__free_of_what_is_no_block(void **state)
{
    static char global[64];
    char local[64];
    void *blocks[200];
    (void)state;
    acre_free(NULL);
    unit_expect_death(free_it, local + (16 - (uintptr_t)local % 16),
                      "free of a pointer acre did not allocate: 0x");
    unit_expect_death(free_it, global + 1 + (16 - (uintptr_t)global % 16), "free of a misaligned pointer 0x");
    unit_expect_death(free_it, (void *)0xdeadbeefdeadbee0, "free of a pointer acre did not allocate: 0x");
    acre_free(acre_malloc(16));
    unit_expect_death(free_it, (void *)0xdeadbeefdeadbee0, "free of a pointer acre did not allocate: 0x");
    for (unsigned i = 0; i < 200; i++)
        blocks[i] = acre_malloc(1024);
    for (unsigned i = 0; i < 200; i++)
        acre_free(blocks[i]);
    (void)acre_trim(0);
    unit_expect_death(free_it, blocks[100], "double free of 0x");
    unit_expect_death(use_it, blocks[100], "realloc or usable size of a");
}

static void *foreign = (void *)0x123450;
static unsigned nforeign;

static bool take_foreign(void *block)
{
    nforeign += block == foreign;
    return block == foreign;
}

static bool measure_foreign(const void *block, size_t *out_bytes)
{
    *out_bytes = 77;
    return block == foreign;
}

static void test_block__foreign_blocks_go_to_the_hooks(void **state)
{
    (void)state;
    ac_hooks.foreign_free = take_foreign;
    ac_hooks.foreign_usable = measure_foreign;
    acre_free(foreign);
    acre_free(foreign);
    assert_int_equal(nforeign, 2);
    assert_int_equal(acre_usable_size(foreign), 77);
    unit_expect_death(free_it, (void *)0x123460, "free of a pointer acre did not allocate: 0x123460");
}

/* ---- random work ---- */

static struct slot {
    char *block;
    size_t size;
    size_t align;
    uint64_t seed;
} slots[NSLOTS];
static uint64_t seed = 21;

static size_t random_size(void)
{
    uint64_t r = unit_random(&seed);
    switch (r % 16) {
    case 0:
        return r / 16 % (3 * MIB);
    case 1:
    case 2:
        return r / 16 % (200 * KIB);
    case 3:
    case 4:
    case 5:
        return r / 16 % (40 * KIB);
    default:
        return r / 16 % 2000;
    }
}

static void check_slot(const struct slot *s)
{
    if (s->block != NULL)
        assert_true(unit_is_filled(s->block, s->size, s->seed));
}

static void fill_slot(struct slot *s, char *block, size_t size, size_t align)
{
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % align, 0);
    s->block = block;
    s->size = size;
    s->align = align;
    s->seed = unit_random(&seed);
    unit_fill(block, size, s->seed);
}

static void free_slot(struct slot *s, unsigned how)
{
    check_slot(s);
    if (how % 3 == 0 && s->align == 1)
        acre_free_sized(s->block, s->size);
    else if (how % 3 == 0 && s->align > 1)
        acre_free_aligned_sized(s->block, s->align, s->size);
    else
        acre_free(s->block);
    s->block = NULL;
}

/* The common prefix is what realloc keeps: filled with the old pattern, whose head is compared. */
static void resize_slot(struct slot *s)
{
    size_t size = random_size() + 1;
    size_t head = s->size < size ? s->size : size;
    head = head < 500 ? head : 500;
    char copy[500];
    check_slot(s);
    if (s->block != NULL)
        memcpy(copy, s->block, head);
    char *block = acre_realloc(s->block, size);
    if (s->block != NULL)
        assert_memory_equal(block, copy, head);
    fill_slot(s, block, size, 1);
}

static void make_slot(struct slot *s, unsigned how)
{
    size_t size = random_size();
    if (how % 8 == 0) {
        size_t align = (size_t)1 << (unit_random(&seed) % 18);
        fill_slot(s, acre_aligned_alloc(align, size), size, align);
    } else if (how % 8 < 3) {
        char *block = acre_calloc(1, size);
        assert_true(unit_is_zero(block, acre_usable_size(block)));
        fill_slot(s, block, size, 1);
    } else {
        fill_slot(s, acre_malloc(size), size, 1);
    }
}

static void check_all(void)
{
    size_t small = 0;
    size_t large = 0;
    for (unsigned i = 0; i < NSLOTS; i++) {
        check_slot(&slots[i]);
        if (slots[i].block != NULL)
            *(is_small(slots[i].block) ? &small : &large) += 1;
    }
    heap_check_counts(small, large);
}

static void random_work(unsigned nsteps)
{
    for (unsigned i = 0; i < nsteps; i++) {
        struct slot *s = &slots[unit_random(&seed) % NSLOTS];
        unsigned how = (unsigned)(unit_random(&seed) % 1000);
        if (how < 250)
            resize_slot(s);
        else if (s->block != NULL)
            free_slot(s, how);
        else
            make_slot(s, how);
        if (how == 999)
            (void)acre_trim(unit_random(&seed) % (4 * MIB));
        if (i % 400 == 0)
            check_all();
        ac_fake_advance_ns(100000);
    }
    check_all();
    for (unsigned i = 0; i < NSLOTS; i++)
        free_slot(&slots[i], i);
    heap_check_counts(0, 0);
    heap_check_empty();
}

static void test_block__random_work(void **state)
{
    (void)state;
    random_work(12000);
}

static void test_block__random_work_purging(void **state)
{
    (void)state;
    ac_fake_set_conf("decay_ms=0,dirty_min=0");
    random_work(6000);
}

static void test_block__random_work_on_16k_pages(void **state)
{
    (void)state;
    ac_fake_set_conf("page_size=16384,decay_ms=1");
    random_work(6000);
}

static void test_block__random_work_on_64k_pages(void **state)
{
    (void)state;
    ac_fake_set_conf("page_size=65536,decay_ms=1");
    random_work(6000);
}

/* Nothing of the heap within reach of the window. */
static void test_block__random_work_outside_the_window(void **state)
{
    (void)state;
    acre_free(acre_malloc(1));
    ac_fake_place_below(ac_fake_space_base() + ((uintptr_t)40 << 30));
    random_work(8000);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_block__usable_is_good_size),
    UNIT_TEST(test_block__calloc_is_zero_to_the_end),
    UNIT_TEST(test_block__aligned),
    UNIT_TEST(test_block__aligned_arguments),
    UNIT_TEST(test_block__realloc_matrix),
    UNIT_TEST(test_block__realloc_arguments),
    UNIT_TEST(test_block__sized_free_of_the_wrong_size),
    UNIT_TEST(test_block__use_of_what_is_no_block),
    UNIT_TEST(test_block__free_of_what_is_no_block),
    UNIT_TEST(test_block__foreign_blocks_go_to_the_hooks),
    UNIT_TEST(test_block__random_work),
    UNIT_TEST(test_block__random_work_purging),
    UNIT_TEST(test_block__random_work_on_16k_pages),
    UNIT_TEST(test_block__random_work_on_64k_pages),
    UNIT_TEST(test_block__random_work_outside_the_window),
};
UNIT_MAIN(tests)

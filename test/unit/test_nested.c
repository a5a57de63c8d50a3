/* SPDX-License-Identifier: MIT
 *
 * test_nested.c -- heap/nested.c: a signal handler that interrupted the allocator, played by setting what
 * the interrupted operation had set: the mark of a slow path, a busy bin, a held lock.
 */
#include "core/sizeclass.h"
#include "heap/central.h"
#include "heap/heap.h"
#include "heap/thread.h"
#include "heap_check.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>

static void *warm_up(size_t size)
{
    for (unsigned i = 0; i < 200; i++)
        acre_free(acre_malloc(size));
    return acre_malloc(size);
}

static void interrupt_slow_path(void)
{
    ac_heap_self->in_slow = 1;
}

static void resume_slow_path(void)
{
    ac_heap_self->in_slow = 0;
}

/* Every bin in the middle of an operation. */
static void interrupt_bins(uint64_t *tops)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        ac_heap_self->bins[c].top += AC_BIN_BUSY;
        tops[c] = ac_heap_self->bins[c].top;
    }
}

static void resume_bins(const uint64_t *tops)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        assert_true(ac_heap_self->bins[c].top == tops[c]); /* H: put back as it was found */
        ac_heap_self->bins[c].top -= AC_BIN_BUSY;
    }
}

static void *blocks[400];

static unsigned take_of_every_class(void)
{
    unsigned n = 0;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        for (unsigned k = 0; k < 3; k++) {
            void *block = acre_malloc(ac_sizeclass[c].size_bytes);
            if (block == NULL)
                continue;
            unit_fill(block, ac_sizeclass[c].size_bytes, n);
            blocks[n++] = block;
        }
    }
    return n;
}

static void check_and_free(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(unit_is_filled(blocks[i], ac_sizeclass[1 + i / 3].size_bytes, i));
        acre_free(blocks[i]);
    }
}

static void make_every_class_known(void)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        acre_free(warm_up(ac_sizeclass[c].size_bytes));
}

static void test_nested__in_a_slow_path(void **state)
{
    (void)state;
    make_every_class_known();
    interrupt_slow_path();
    unsigned n = take_of_every_class();
    assert_int_equal(n, 3 * (AC_NCLASSES - 1));
    void *more = acre_malloc(200000);
    assert_non_null(more);
    memset(more, 1, 200000);
    resume_slow_path();
    check_and_free(n);
    acre_free(more);
    heap_check_counts(0, 0);
    heap_check_empty();
}

static void test_nested__in_the_middle_of_a_bin(void **state)
{
    uint64_t tops[AC_NCLASSES];
    (void)state;
    make_every_class_known();
    interrupt_bins(tops);
    unsigned n = take_of_every_class();
    assert_int_equal(n, 3 * (AC_NCLASSES - 1));
    resume_bins(tops);
    check_and_free(n);
    heap_check_counts(0, 0);
}

static void test_nested__frees_wait_for_a_slow_path(void **state)
{
    uint64_t tops[AC_NCLASSES];
    (void)state;
    make_every_class_known();
    unsigned n = take_of_every_class();
    void *large = acre_malloc(100000);
    void *huge = acre_malloc(3000000);
    interrupt_slow_path();
    interrupt_bins(tops);
    for (unsigned i = 0; i < n; i++)
        acre_free(blocks[i]);
    acre_free(large);
    acre_free(huge);
    resume_bins(tops);
    resume_slow_path();
    acre_free(warm_up(40000)); /* some slow path: all of it comes home */
    heap_check_counts(0, 0);
    heap_check_empty();
}

static void test_nested__every_lock_is_busy(void **state)
{
    uint64_t tops[AC_NCLASSES];
    (void)state;
    make_every_class_known();
    struct ac_center *centers = ac_center_peek(ac_heap_self->shard, 0);
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        assert_true(ac_lock_try(&centers[c].lock, 77));
    interrupt_slow_path();
    interrupt_bins(tops);
    unsigned n = take_of_every_class();
    assert_int_equal(n, 3 * (AC_NCLASSES - 1));
    char *zeroed = acre_calloc(10, 10);
    assert_true(unit_is_zero(zeroed, acre_usable_size(zeroed)));
    resume_bins(tops);
    resume_slow_path();
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        ac_unlock(&centers[c].lock);
    acre_free(zeroed);
    for (unsigned i = 0; i < n; i++) /* wherever they came from, their size is known */
        acre_free_sized(blocks[i], ac_sizeclass[1 + i / 3].size_bytes);
    heap_check_counts(0, 0);
    heap_check_empty();
}

static void test_nested__realloc(void **state)
{
    uint64_t tops[AC_NCLASSES];
    (void)state;
    make_every_class_known();
    char *small = warm_up(100);
    char *large = acre_malloc(200000);
    memset(small, 1, 100);
    memset(large, 2, 200000);
    interrupt_slow_path();
    interrupt_bins(tops);
    small = acre_realloc(small, 5000);
    assert_non_null(small);
    char *grown = acre_realloc(large, 300000);
    resume_bins(tops);
    resume_slow_path();
    if (grown != NULL)
        large = grown;
    assert_true(small[0] == 1 && small[99] == 1);
    assert_true(large[0] == 2 && large[199999] == 2);
    acre_free(small);
    acre_free(large);
    acre_free(warm_up(40000));
    heap_check_counts(0, 0);
}

static void free_it(void *block)
{
    acre_free(block);
}

static void test_nested__crimes_are_seen(void **state)
{
    (void)state;
    char *block = warm_up(96);
    char *large = acre_malloc(100000);
    interrupt_slow_path();
    ac_heap_self->bins[ac_class_of_size(96)].top += AC_BIN_BUSY;
    unit_expect_death(free_it, block + 32, "free of a pointer into the middle");
    unit_expect_death(free_it, block + 1, "free of a misaligned pointer");
    unit_expect_death(free_it, large + 64, "free of a pointer into the middle");
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_nested__in_a_slow_path),
    UNIT_TEST(test_nested__in_the_middle_of_a_bin),
    UNIT_TEST(test_nested__frees_wait_for_a_slow_path),
    UNIT_TEST(test_nested__every_lock_is_busy),
    UNIT_TEST(test_nested__realloc),
    UNIT_TEST(test_nested__crimes_are_seen),
};
UNIT_MAIN(tests)

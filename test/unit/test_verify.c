/* SPDX-License-Identifier: MIT
 *
 * test_verify.c -- acre_verify: a sound heap has no breach, whatever state it is in.
 */
#include "furnished.h"

static void test_verify__sound(void **state)
{
    (void)state;
    assert_sound();
    furnish();
    assert_sound();
    acre_free(large_block);
    assert_sound();
    huge_block = acre_realloc(huge_block, (size_t)5 << 20);
    assert_sound();
    for (unsigned i = 1; i < NBLOCKS; i += 2)
        acre_free(blocks[i]);
    assert_sound();
    (void)acre_trim(0);
    assert_sound();
}

static void test_verify__sound_with_threads(void **state)
{
    (void)state;
    furnish();
    unit_in_thread(free_remote, NULL); /* gone, its heap pooled */
    assert_sound();
    furnish();
    unit_in_standing_thread((void (*)(void *))(uintptr_t)free_remote, NULL); /* alive, with an outbox */
    assert_sound();
    acre_free(acre_malloc(SIZE));
    assert_sound();
}

static void *verify_without_heap(void *arg)
{
    (void)arg;
    ac_heap_become(&ac_heap_gone);
    assert_sound();
    return NULL;
}

static void test_verify__without_a_heap(void **state)
{
    (void)state;
    furnish();
    unit_in_thread(verify_without_heap, NULL);
}

static void test_verify__sound_in_a_child(void **state)
{
    (void)state;
    furnish();
    center()->lock.word = 12345; /* of a thread that the child has not */
    ac_fake_fork();
    assert_sound();
    for (unsigned i = 1; i < NBLOCKS; i += 2)
        acre_free(blocks[i]);
    assert_sound();
    furnish();
    assert_sound();
}

static void test_verify__refused_barrier(void **state)
{
    (void)state;
    furnish();
    unit_in_standing_thread((void (*)(void *))(uintptr_t)free_remote, NULL);
    ac_fake_fail(AC_FAKE_BARRIER, 1, true);
    assert_sound();
}

static void test_verify__leaves_no_mark(void **state)
{
    (void)state;
    furnish();
    struct ac_span *span = span_of(blocks[1]);
    uint64_t before = span->free_bits[0];
    size_t used = ac_meta_used_bytes();
    assert_sound();
    assert_true(span->free_bits[0] == before);
    assert_int_equal(ac_meta_used_bytes(), used);
    assert_int_equal(heap()->lock.word, 0);
    assert_int_equal(center()->lock.word, 0);
}

static void test_verify__not_in_a_slow_path(void **state)
{
    (void)state;
    furnish();
    heap()->in_slow = 1; /* as a handler finds it */
    assert_true(acre_verify(NULL, 0) == (size_t)-1);
    heap()->in_slow = 0;
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_verify__sound),
    UNIT_TEST(test_verify__sound_with_threads),
    UNIT_TEST(test_verify__without_a_heap),
    UNIT_TEST(test_verify__sound_in_a_child),
    UNIT_TEST(test_verify__refused_barrier),
    UNIT_TEST(test_verify__leaves_no_mark),
    UNIT_TEST(test_verify__not_in_a_slow_path),
};
UNIT_MAIN(tests)

/* SPDX-License-Identifier: MIT
 *
 * test_fake.c -- the machine the other tests stand on: its books, its faults, and that it notices a breach
 * of os.h.
 */
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <errno.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define MIB ((size_t)1 << 20)

static void test_fake__states_of_a_page(void **state)
{
    (void)state;
    char *p = ac_os_map(0, 4 * PAGE);
    assert_non_null(p);
    assert_int_equal(ac_fake_page_state(p), AC_FAKE_ZERO);
    p[PAGE] = 1;
    assert_int_equal(ac_fake_page_state(p), AC_FAKE_ZERO);
    assert_int_equal(ac_fake_page_state(p + PAGE), AC_FAKE_RESIDENT);
    assert_int_equal(ac_fake_resident_bytes(), PAGE);
    assert_true(ac_os_purge(p + PAGE, PAGE));
    assert_int_equal(ac_fake_page_state(p + PAGE), AC_FAKE_ZERO);
    assert_true(unit_is_zero(p, 4 * PAGE));
    assert_true(ac_os_unmap(p + PAGE, PAGE));
    assert_int_equal(ac_fake_page_state(p + PAGE), AC_FAKE_ABSENT);
    assert_false(ac_os_is_mapped((uintptr_t)p + PAGE));
    assert_true(ac_os_is_mapped((uintptr_t)p + 2 * PAGE));
    assert_true(ac_os_is_mapped((uintptr_t)&state));
    assert_int_equal(ac_fake_mapped_bytes(), 3 * PAGE);
    assert_int_equal(ac_fake_mappings(), 2);
}

static void test_fake__placement(void **state)
{
    (void)state;
    uintptr_t top = ac_fake_space_base() + ac_fake_space_bytes();
    uintptr_t a = (uintptr_t)ac_os_map(0, PAGE);
    assert_true(a == top - PAGE);
    uintptr_t b = (uintptr_t)ac_os_map_aligned(0, 3 * MIB, 2 * MIB);
    assert_int_equal(b % (2 * MIB), 0);
    assert_true(b + 3 * MIB <= a);
    uintptr_t c = (uintptr_t)ac_os_map(b - 8 * MIB, MIB);
    assert_true(c == b - 8 * MIB);
    assert_true((uintptr_t)ac_os_map(c, MIB) != c); /* the hint is taken */
    assert_true(ac_os_unmap((void *)c, MIB));
    ac_fake_place_below(top - ((uintptr_t)8 << 30));
    assert_true((uintptr_t)ac_os_map(c, MIB) == top - ((uintptr_t)8 << 30) - MIB);
    assert_null(ac_os_map(0, (size_t)1 << 46));
    assert_null(ac_os_map_aligned(0, PAGE, (size_t)1 << 45));
}

static void test_fake__resize_and_move(void **state)
{
    (void)state;
    char *wall = ac_os_map(0, PAGE);
    char *p = ac_os_map((uintptr_t)wall - 8 * PAGE, 4 * PAGE);
    unit_fill(p, 4 * PAGE, 1);
    assert_true(ac_os_resize(p, 4 * PAGE, 6 * PAGE));
    assert_true(unit_is_filled(p, 4 * PAGE, 1));
    assert_true(unit_is_zero(p + 4 * PAGE, 2 * PAGE));
    assert_false(ac_os_resize(p, 6 * PAGE, 9 * PAGE)); /* the wall */
    assert_int_equal(ac_fake_mapped_bytes(), 7 * PAGE);
    char *target = ac_os_map(0, 9 * PAGE);
    bool lost;
    memset(target, 7, 9 * PAGE);
    assert_true(ac_os_move(p, 6 * PAGE, 9 * PAGE, target, &lost));
    assert_true(unit_is_filled(target, 4 * PAGE, 1));
    assert_true(unit_is_zero(target + 4 * PAGE, 5 * PAGE));
    assert_int_equal(ac_fake_page_state(target + 8 * PAGE), AC_FAKE_RESIDENT); /* was read just now */
    assert_int_equal(ac_fake_page_state(p), AC_FAKE_ABSENT);
    assert_true(ac_os_resize(target, 9 * PAGE, 2 * PAGE));
    assert_int_equal(ac_fake_mapped_bytes(), 3 * PAGE);
}

static void test_fake__faults(void **state)
{
    (void)state;
    errno = 77;
    ac_fake_fail(AC_FAKE_MAP, 2, false);
    char *p = ac_os_map(0, PAGE);
    assert_non_null(p);
    assert_null(ac_os_map(0, PAGE));
    assert_non_null(ac_os_map(0, PAGE));
    ac_fake_fail(AC_FAKE_PURGE, 1, true);
    p[0] = 5;
    assert_false(ac_os_purge(p, PAGE));
    assert_false(ac_os_purge(p, PAGE));
    assert_int_equal(p[0], 5);
    ac_fake_fail(AC_FAKE_ANY, 1, false);
    assert_false(ac_os_unmap(p, PAGE));
    assert_int_equal(ac_fake_refused_unmap_bytes(), PAGE);
    assert_true(ac_os_unmap(p, PAGE));
    ac_fake_heal();
    p = ac_os_map(0, PAGE);
    assert_true(ac_os_purge(p, PAGE));
    assert_int_equal(ac_fake_calls(AC_FAKE_MAP), 4);
    assert_int_equal(ac_fake_calls(AC_FAKE_ANY), 9);
    assert_int_equal(ac_fake_refusals(AC_FAKE_ANY), 4);
    assert_int_equal(errno, 77);
}

static void test_fake__limits(void **state)
{
    (void)state;
    char *p = ac_os_map(0, 4 * PAGE);
    ac_fake_limit_mappings(1);
    assert_false(ac_os_unmap(p + PAGE, PAGE)); /* would split it */
    assert_int_equal(ac_fake_page_state(p + PAGE), AC_FAKE_ZERO);
    assert_true(ac_os_unmap(p, PAGE));
    assert_non_null(ac_os_map((uintptr_t)p, PAGE)); /* joins it again */
    assert_null(ac_os_map((uintptr_t)p - 2 * PAGE, PAGE));
    ac_fake_limit_mappings(0);
    ac_fake_limit_bytes(6 * PAGE);
    assert_null(ac_os_map(0, 3 * PAGE));
    assert_non_null(ac_os_map(0, 2 * PAGE));
    assert_null(ac_os_map(0, PAGE));
}

static void wait_n_times(void *arg)
{
    static uint32_t never;
    for (unsigned n = *(unsigned *)arg; n != 0; n--)
        ac_os_wait(&never, 0, 100);
}

static void test_fake__threads_run_for_a_time(void **state)
{
    uint32_t alive[2] = {0, 0};
    unsigned n[2] = {3, 100000000};
    (void)state;
    char *stack = ac_os_map(0, 4 * PAGE);
    uint64_t start = ac_os_now_ns();
    for (unsigned i = 0; i < 2; i++)
        assert_true(ac_os_start_thread(wait_n_times, &n[i], stack, 4 * PAGE, &alive[i]));
    assert_true(alive[0] != 0 && alive[1] != 0);
    assert_int_equal(ac_fake_run_threads(1000), 1);
    assert_int_equal(ac_os_now_ns() - start, 1000);
    assert_true(alive[0] == 0 && alive[1] != 0);
    n[1] = 2;
    assert_int_equal(ac_fake_run_threads(1000), 1);
    assert_int_equal(alive[1], 0);
}

static void test_fake__clock_and_threads(void **state)
{
    uint32_t word = 3;
    (void)state;
    uint64_t start = ac_os_now_ns();
    assert_int_equal(ac_os_now_ns(), start);
    ac_fake_advance_ns(5);
    ac_os_wait(&word, 3, 100);
    ac_os_wait(&word, 4, 100); /* not equal: no waiting */
    assert_int_equal(ac_os_now_ns(), start + 105);
    assert_int_equal(ac_fake_run_threads(1), 0);
    assert_true(ac_os_barrier_all());
    ac_fake_fail(AC_FAKE_BARRIER, 1, false);
    assert_false(ac_os_barrier_all());
}

static void test_fake__fork_wipes(void **state)
{
    (void)state;
    char *wiped = ac_os_map(0, PAGE);
    char *kept = ac_os_map(0, PAGE);
    uint32_t pid = ac_os_pid();
    assert_true(ac_os_wipe_on_fork(wiped, PAGE));
    wiped[9] = 1;
    kept[9] = 1;
    ac_fake_fork();
    assert_int_equal(wiped[9], 0);
    assert_int_equal(kept[9], 1);
    assert_true(ac_os_pid() != pid);
}

static void unmap_twice(void *p)
{
    ac_os_unmap(p, PAGE);
    ac_os_unmap(p, PAGE);
}

static void purge_half(void *p)
{
    ac_os_purge(p, PAGE / 2);
}

static void purge_beyond(void *p)
{
    ac_os_purge(p, 3 * PAGE);
}

static void map_nothing(void *p)
{
    (void)p;
    (void)ac_os_map(0, 0);
}

static void align_little(void *p)
{
    (void)p;
    (void)ac_os_map_aligned(0, PAGE, PAGE / 2);
}

static void move_onto_nothing(void *p)
{
    bool lost;
    ac_os_move(p, PAGE, 2 * PAGE, (char *)p - 64 * PAGE, &lost);
}

static void test_fake__breaches(void **state)
{
    (void)state;
    char *p = ac_os_map(0, 2 * PAGE);
    unit_expect_death(unmap_twice, p, "os_fake: unmap of 4096 bytes at 0x");
    unit_expect_death(purge_half, p, "the length is not a number of pages");
    unit_expect_death(purge_beyond, p, "not all of it is mapped");
    unit_expect_death(map_nothing, p, "the length is not a number of pages");
    unit_expect_death(align_little, p, "the alignment is not a power of two of at least a page");
    unit_expect_death(move_onto_nothing, p, "os_fake: move onto of 8192 bytes");
    ac_os_pretend_page_size(65536);
    unit_expect_death(unmap_twice, p, "the length is not a number of pages");
}

static int touch(void *p)
{
    alarm(5);
    *(volatile char *)p = 1;
    return 0;
}

static void test_fake__absent_memory_faults(void **state)
{
    (void)state;
    char *p = ac_os_map(0, PAGE);
    assert_int_equal(unit_in_child(touch, p), 0);
    assert_true(ac_os_unmap(p, PAGE));
    assert_int_not_equal(unit_in_child(touch, p), 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_fake__states_of_a_page),
    UNIT_TEST(test_fake__placement),
    UNIT_TEST(test_fake__resize_and_move),
    UNIT_TEST(test_fake__faults),
    UNIT_TEST(test_fake__limits),
    UNIT_TEST(test_fake__clock_and_threads),
    UNIT_TEST(test_fake__threads_run_for_a_time),
    UNIT_TEST(test_fake__fork_wipes),
    UNIT_TEST(test_fake__breaches),
    UNIT_TEST(test_fake__absent_memory_faults),
};
UNIT_MAIN(tests)

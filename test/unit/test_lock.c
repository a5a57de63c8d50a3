/* SPDX-License-Identifier: MIT
 *
 * test_lock.c -- os/lock.c: the word, waiting and waking, mutual exclusion, and what a fork leaves.
 */
#include "os/lock.h"
#include "os/os_fake.h"
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define NTHREADS 4u
#define ROUNDS 20000u

static struct ac_lock lock;
static uint64_t guarded[3];
static uint32_t stage;

static void test_lock__word_is_the_owner(void **state)
{
    (void)state;
    assert_true(ac_lock_try(&lock, 7));
    assert_int_equal(lock.word, 7);
    assert_false(ac_lock_try(&lock, 8));
    assert_false(ac_lock_try(&lock, 7));
    ac_unlock(&lock);
    assert_int_equal(lock.word, 0);
    ac_lock(&lock, INT32_MAX);
    assert_int_equal(lock.word, INT32_MAX);
    ac_unlock(&lock);
}

static void *count_up(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 3 == 0 && !ac_lock_try(&lock, me))
            continue;
        if (i % 3 != 0)
            ac_lock(&lock, me);
        for (unsigned k = 0; k < 3; k++)
            guarded[k]++;
        if (i % 64 == 0)
            sched_yield(); /* let the others find it taken, and sleep */
        ac_unlock(&lock);
    }
    return NULL;
}

static void test_lock__excludes(void **state)
{
    pthread_t threads[NTHREADS];
    (void)state;
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_create(&threads[i], NULL, count_up, (void *)(uintptr_t)(i + 3));
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(lock.word, 0);
    assert_int_equal(guarded[0], guarded[1]);
    assert_int_equal(guarded[0], guarded[2]);
    assert_in_range(guarded[0], NTHREADS * (ROUNDS - ROUNDS / 3 - 1), NTHREADS * ROUNDS);
}

static void *wait_for_it(void *arg)
{
    ac_fetch_add_rlx(&stage, 1);
    ac_lock(&lock, (uint32_t)(uintptr_t)arg);
    guarded[0]++;
    ac_unlock(&lock);
    return NULL;
}

/* Sleepers set the bit, and each is woken in the end, though one wake reaches only one of them. */
static void test_lock__sleepers_are_woken(void **state)
{
    pthread_t threads[NTHREADS];
    (void)state;
    ac_lock(&lock, 1);
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_create(&threads[i], NULL, wait_for_it, (void *)(uintptr_t)(i + 3));
    while (ac_load_rlx(&stage) != NTHREADS || (ac_load_rlx(&lock.word) & AC_LOCK_WAITERS) == 0)
        sched_yield();
    usleep(2000);
    assert_int_equal(ac_load_rlx(&lock.word), 1 | AC_LOCK_WAITERS);
    ac_unlock(&lock);
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(guarded[0], NTHREADS);
    assert_int_equal(lock.word, 0);
}

static void test_lock__torn_after_a_fork(void **state)
{
    struct ac_lock free_lock = {0};
    struct ac_lock mine = {5};
    struct ac_lock mine_awaited = {5 | AC_LOCK_WAITERS};
    struct ac_lock others = {6};
    struct ac_lock others_awaited = {6 | AC_LOCK_WAITERS};
    (void)state;
    assert_false(ac_lock_was_torn(&free_lock, 5));
    assert_false(ac_lock_was_torn(&mine, 5));
    assert_int_equal(mine.word, 5);
    assert_false(ac_lock_was_torn(&mine_awaited, 5));
    assert_true(ac_lock_was_torn(&others, 5));
    assert_int_equal(others.word, 0);
    assert_true(ac_lock_was_torn(&others_awaited, 5));
    assert_true(ac_lock_try(&others_awaited, 5));
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_lock__word_is_the_owner),
    UNIT_TEST(test_lock__excludes),
    UNIT_TEST(test_lock__sleepers_are_woken),
    UNIT_TEST(test_lock__torn_after_a_fork),
};
UNIT_MAIN(tests)

/* SPDX-License-Identifier: MIT
 *
 * test_thread.c -- heap/thread.c: birth, shards, death, what comes after it, birth without memory or
 * interrupted, and the repair of a forked child, with threads that stand for ever inside the allocator for
 * those that did not survive.
 */
#include "core/meta.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/thread.h"
#include "heap_check.h"
#include "os/os.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static void *shard_of_me(void *arg)
{
    acre_free(acre_malloc((size_t)(uintptr_t)arg));
    return (void *)(uintptr_t)ac_heap_self->shard;
}

static void *heap_of_me(void *arg)
{
    void *block = acre_malloc((size_t)(uintptr_t)arg);
    void *heap = ac_heap_self;
    acre_free(block);
    return heap;
}

static void stand_with_blocks(void *arg)
{
    void *blocks[200];
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 200; i++)
            blocks[i] = acre_malloc(16 + i * 9);
        for (unsigned i = 0; i < 200; i++)
            acre_free(blocks[i]);
    }
    *(struct ac_heap **)arg = ac_heap_self;
}

/* ---- birth and death ---- */

static void test_thread__birth(void **state)
{
    (void)state;
    assert_ptr_equal(ac_heap_self, &ac_heap_none);
    assert_false(ac_thread_is_started());
    acre_free(acre_malloc(1));
    assert_true(ac_heap_is_real(ac_heap_self));
    assert_true(ac_thread_is_started());
    assert_int_equal(ac_thread_count(), 1);
    assert_int_equal(ac_heap_self->shard, 1);
    assert_int_equal(ac_heap_self->key, 1 << 8);
    assert_int_equal(ac_heap_self->state, AC_HEAP_LIVE);
    assert_ptr_equal(ac_thread_all_heaps(), ac_heap_self);
}

static void test_thread__first_operation_may_be_any(void **state)
{
    (void)state;
    acre_free(NULL);
    assert_non_null(unit_in_thread(heap_of_me, (void *)2000000));
    void *a = acre_calloc(3, 700000);
    void *b = acre_realloc(NULL, 100);
    void *c = acre_aligned_alloc(4096, 100);
    assert_true(a != NULL && b != NULL && c != NULL);
    heap_check_counts(2, 1);
}

static void test_thread__start_is_small(void **state)
{
    (void)state;
    acre_free(acre_malloc(100));
    assert_true(ac_fake_mapped_bytes() <= 64 * MIB);
    assert_true(ac_fake_resident_bytes() <= 200 * 1024);
}

static void test_thread__shards_by_load(void **state)
{
    struct ac_heap *heaps[3];
    (void)state;
    ac_fake_set_conf("shards=3");
    acre_free(acre_malloc(1));
    for (unsigned i = 0; i < 3; i++)
        unit_in_standing_thread(stand_with_blocks, &heaps[i]);
    assert_int_equal(heaps[0]->shard, 2);
    assert_int_equal(heaps[1]->shard, 3);
    assert_int_equal(heaps[2]->shard, 1);
    assert_int_equal((uintptr_t)unit_in_thread(shard_of_me, NULL), 2);
    assert_int_equal(ac_thread_count(), 4);
}

static void test_thread__heaps_are_pooled(void **state)
{
    (void)state;
    acre_free(acre_malloc(1));
    struct ac_heap *first = unit_in_thread(heap_of_me, (void *)100);
    assert_int_equal(first->state, AC_HEAP_POOLED);
    assert_int_equal(ac_thread_count(), 1);
    assert_int_equal(ac_flush_cached_bytes(first), 0);
    for (unsigned i = 0; i < 50; i++)
        assert_ptr_equal(unit_in_thread(heap_of_me, (void *)(uintptr_t)(i * 500)), first);
    heap_check_counts(0, 0);
    size_t mapped = ac_fake_mapped_bytes();
    size_t meta = ac_meta_used_bytes();
    for (unsigned i = 0; i < 200; i++)
        unit_in_thread(heap_of_me, (void *)(uintptr_t)(i % 50 * 500));
    assert_int_equal(ac_fake_mapped_bytes(), mapped);
    assert_int_equal(ac_meta_used_bytes(), meta);
}

static pthread_key_t late_key;
static void *late_blocks[3];

/* A destructor of the program's that runs in every round, before ours or after. */
static void late_destructor(void *arg)
{
    uintptr_t round = (uintptr_t)arg;
    void *large = acre_malloc(100000);
    void *small = acre_malloc(64);
    acre_free(late_blocks[0]);
    late_blocks[0] = small;
    acre_free(large);
    if (round < 4)
        pthread_setspecific(late_key, (void *)(round + 1));
}

static void *with_late_destructor(void *arg)
{
    late_blocks[0] = acre_malloc(64);
    pthread_setspecific(late_key, (void *)1);
    return arg;
}

static void test_thread__destructors_that_allocate(void **state)
{
    (void)state;
    acre_free(acre_malloc(1));
    assert_int_equal(pthread_key_create(&late_key, late_destructor), 0);
    for (unsigned i = 0; i < 20; i++)
        unit_in_thread(with_late_destructor, NULL);
    acre_free(late_blocks[0]);
    for (unsigned i = 0; i < 20; i++)
        unit_in_thread(heap_of_me, NULL);
    heap_check_counts(20 - 1, 0);
}

/* Past the end everything still works, block by block. */
static void *past_the_end(void *arg)
{
    (void)arg;
    struct ac_heap *heap = ac_heap_self;
    void *blocks[100];
    ac_heap_become(&ac_heap_gone);
    for (unsigned i = 0; i < 100; i++) {
        blocks[i] = i % 10 == 0 ? acre_calloc(1, 50000 * i) : acre_malloc(i * 37);
        unit_fill(blocks[i], i * 37, i);
    }
    blocks[7] = acre_realloc(blocks[7], 70000);
    blocks[8] = acre_realloc(blocks[8], 30);
    blocks[90] = acre_realloc(blocks[90], 9000000);
    assert_ptr_equal(ac_heap_self, &ac_heap_gone);
    for (unsigned i = 0; i < 100; i++) {
        assert_non_null(blocks[i]);
        if (i != 7 && i != 8)
            assert_true(unit_is_filled(blocks[i], i * 37, i));
        acre_free(blocks[i]);
    }
    (void)acre_trim(0);
    ac_heap_become(heap);
    return NULL;
}

static void test_thread__past_its_end(void **state)
{
    (void)state;
    acre_free(acre_malloc(1));
    past_the_end(NULL);
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* ---- birth in trouble ---- */

static void test_thread__no_memory_for_a_heap(void **state)
{
    (void)state;
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    errno = 0;
    assert_null(acre_malloc(10));
    assert_int_equal(errno, ENOMEM);
    assert_null(acre_malloc(100000));
    assert_null(acre_calloc(1, 10000000));
    assert_null(acre_aligned_alloc(4096, 1));
    acre_free(NULL);
    assert_int_equal(acre_trim(0), 0);
    ac_fake_heal();
    void *block = acre_malloc(10);
    assert_non_null(block);
    acre_free(block);
    heap_check_counts(0, 0);
}

static void allocate_during_birth(void *arg)
{
    void **blocks = arg;
    blocks[0] = acre_malloc(100);
    blocks[1] = acre_malloc(100000);
    blocks[2] = acre_realloc(blocks[0], 5000);
    acre_free(blocks[1]);
    acre_free(NULL);
}

/* A signal in the middle of a thread's birth: nothing hangs, and what was given is good. */
static void test_thread__signal_during_birth(void **state)
{
    void *blocks[3] = {NULL, NULL, NULL};
    (void)state;
    ac_fake_intrude(AC_FAKE_MAP, allocate_during_birth, blocks);
    void *own = acre_malloc(100);
    assert_non_null(own);
    acre_free(own);
    acre_free(blocks[2] != NULL ? blocks[2] : blocks[0]);
    acre_free(acre_malloc(40000));
    heap_check_counts(0, 0);
}

/* ---- forks ---- */

static void exercise(void)
{
    void *blocks[AC_NCLASSES];
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        blocks[c] = acre_malloc(ac_sizeclass[c].size_bytes);
        assert_non_null(blocks[c]);
        unit_fill(blocks[c], ac_sizeclass[c].size_bytes, c);
    }
    void *large = acre_malloc(300000);
    void *huge = acre_calloc(1, 5 * MIB);
    huge = acre_realloc(huge, 9 * MIB);
    assert_true(large != NULL && huge != NULL);
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        assert_true(unit_is_filled(blocks[c], ac_sizeclass[c].size_bytes, c));
        acre_free(blocks[c]);
    }
    acre_free(large);
    acre_free(huge);
    assert_true(unit_in_thread(heap_of_me, (void *)300) != NULL);
    (void)acre_trim(0);
}

static void test_thread__fork_with_idle_threads(void **state)
{
    struct ac_heap *heaps[2];
    (void)state;
    exercise();
    unit_in_standing_thread(stand_with_blocks, &heaps[0]);
    unit_in_standing_thread(stand_with_blocks, &heaps[1]);
    assert_int_equal(ac_thread_count(), 3);
    assert_int_equal(ac_thread_fork_generation(), 0);
    ac_fake_fork();
    void *block = acre_malloc(50000);
    assert_int_equal(ac_thread_fork_generation(), 1);
    assert_int_equal(ac_thread_count(), 1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(heaps[i]->state, AC_HEAP_POOLED);
        assert_int_equal(ac_flush_cached_bytes(heaps[i]), 0);
    }
    acre_free(block);
    exercise();
    heap_check_counts(0, 0);
    heap_check_empty();
    ac_fake_fork();
    exercise();
    assert_int_equal(ac_thread_fork_generation(), 2);
    heap_check_empty();
}

static pthread_mutex_t stage_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stage_changed = PTHREAD_COND_INITIALIZER;
static bool is_stuck;

/* Stays inside the call of the system, with every lock its caller holds. */
static void get_stuck(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&stage_mutex);
    is_stuck = true;
    pthread_cond_signal(&stage_changed);
    pthread_mutex_unlock(&stage_mutex);
    for (;;)
        pause();
}

enum torn_by { BY_SPAN, BY_META, BY_LARGE, BY_HUGE, BY_MOVE, BY_UNMAP, BY_PURGE, BY_BIRTH, TORN_BY_COUNT };

static const enum ac_fake_call stuck_in[TORN_BY_COUNT] = {
    AC_FAKE_MAP_ALIGNED, AC_FAKE_MAP,   AC_FAKE_MAP_ALIGNED, AC_FAKE_MAP_ALIGNED,
    AC_FAKE_MOVE,        AC_FAKE_UNMAP, AC_FAKE_PURGE,       AC_FAKE_MAP};

static void *tear(void *arg)
{
    enum torn_by how = (enum torn_by)(uintptr_t)arg;
    void *block = how == BY_BIRTH ? NULL : acre_malloc(how == BY_MOVE ? 3 * MIB : 100);
    if (how == BY_UNMAP)
        block = acre_malloc(90 * MIB);
    ac_fake_intrude(stuck_in[how], get_stuck, NULL);
    for (unsigned i = 0;; i++) {
        size_t size = how == BY_LARGE ? 900000 : how == BY_HUGE ? 2 * MIB : how == BY_META ? 1000 : 20000;
        if (how == BY_MOVE)
            block = acre_realloc(block, (i + 4) * 3 * MIB);
        else if (how == BY_UNMAP)
            acre_free(block);
        else if (how == BY_PURGE)
            acre_trim(0);
        else
            block = acre_malloc(size);
    }
    return NULL;
}

/* Returns when the thread is stuck, to be taken for a thread that a fork has left behind. */
static void let_a_thread_get_stuck(enum torn_by how)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, tear, (void *)(uintptr_t)how), 0);
    pthread_mutex_lock(&stage_mutex);
    while (!is_stuck)
        pthread_cond_wait(&stage_changed, &stage_mutex);
    pthread_mutex_unlock(&stage_mutex);
}

static void *inherited[500];

static void make_inherited(void)
{
    for (unsigned i = 0; i < 500; i++) {
        inherited[i] = acre_malloc(16 + i * 131);
        unit_fill(inherited[i], 16 + i * 131, i);
    }
}

static void check_and_free_inherited(void)
{
    for (unsigned i = 0; i < 500; i++) {
        assert_true(unit_is_filled(inherited[i], 16 + i * 131, i));
        acre_free(inherited[i]);
    }
}

static int torn_fork(void *arg)
{
    alarm(20);
    exercise();
    make_inherited();
    acre_free(acre_malloc(MIB));
    let_a_thread_get_stuck((enum torn_by)(uintptr_t)arg);
    ac_fake_fork();
    exercise();
    check_and_free_inherited();
    exercise();
    return 0;
}

static void test_thread__fork_while_another_holds_locks(void **state)
{
    (void)state;
    for (unsigned how = 0; how < TORN_BY_COUNT; how++) {
        int result = unit_in_child(torn_fork, (void *)(uintptr_t)how);
        if (result != 0)
            fail_msg("way %u: %d", how, result);
    }
}

/* No heap is pooled and no metadata left: a birth has to ask the system, with the registry locked. */
static void make_births_hard(void)
{
    static struct ac_heap *heap;
    unit_in_standing_thread(stand_with_blocks, &heap);
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    while (ac_meta_get(1, AC_ID_HELPER) != NULL)
        ;
    ac_fake_heal();
}

static void check_child_goes_on(void)
{
    void *block = acre_malloc(100);
    assert_non_null(block);
    acre_free(block);
    check_and_free_inherited();
    assert_non_null(unit_in_thread(heap_of_me, NULL));
}

static int torn_birth(void *arg)
{
    alarm(5);
    exercise();
    make_inherited();
    make_births_hard();
    let_a_thread_get_stuck(BY_BIRTH);
    if (arg != NULL) /* the forking thread has no heap, as when it is past its end */
        ac_heap_become(&ac_heap_gone);
    ac_fake_fork();
    check_child_goes_on();
    return 0;
}

static void test_thread__fork_during_a_birth(void **state)
{
    (void)state;
    assert_int_equal(unit_in_child(torn_birth, NULL), 0);
}

static void test_thread__fork_during_a_birth_by_one_without_a_heap(void **state)
{
    (void)state;
    assert_int_equal(unit_in_child(torn_birth, ""), 0);
}

/* The forking thread has no heap, as when it is new or past its end; another one was being born. */
static void test_thread__fork_by_a_thread_without_a_heap(void **state)
{
    (void)state;
    alarm(5);
    exercise();
    make_inherited();
    let_a_thread_get_stuck(BY_BIRTH);
    ac_heap_become(&ac_heap_gone);
    ac_fake_fork();
    check_child_goes_on();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_thread__birth),
    UNIT_TEST(test_thread__first_operation_may_be_any),
    UNIT_TEST(test_thread__start_is_small),
    UNIT_TEST(test_thread__shards_by_load),
    UNIT_TEST(test_thread__heaps_are_pooled),
    UNIT_TEST(test_thread__destructors_that_allocate),
    UNIT_TEST(test_thread__past_its_end),
    UNIT_TEST(test_thread__no_memory_for_a_heap),
    UNIT_TEST(test_thread__signal_during_birth),
    UNIT_TEST(test_thread__fork_with_idle_threads),
    UNIT_TEST(test_thread__fork_while_another_holds_locks),
    UNIT_TEST(test_thread__fork_by_a_thread_without_a_heap),
    UNIT_TEST(test_thread__fork_during_a_birth),
    UNIT_TEST(test_thread__fork_during_a_birth_by_one_without_a_heap),
};
UNIT_MAIN(tests)

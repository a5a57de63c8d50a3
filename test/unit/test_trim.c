/* SPDX-License-Identifier: MIT
 *
 * test_trim.c -- heap/trim.c and heap/flush.c: one thread empties the caches of others, standing or running.
 */
#include "core/option.h"
#include "core/pageheap.h"
#include "heap/flush.h"
#include "heap/outbox.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "heap_check.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <pthread.h>

#define NOWNERS 3u
#define NSLOTS 64u
#define MIB ((size_t)1 << 20)

static void churn(void *arg)
{
    void *blocks[256];
    (void)arg;
    for (unsigned round = 0; round < 30; round++) {
        for (unsigned i = 0; i < 256; i++)
            blocks[i] = acre_malloc(16 + i * 13);
        for (unsigned i = 0; i < 256; i++)
            acre_free(blocks[i]);
    }
}

static size_t cached_bytes(void)
{
    size_t bytes = 0;
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all)
        bytes += ac_flush_cached_bytes(h);
    return bytes;
}

static void test_trim__own_caches(void **state)
{
    (void)state;
    churn(NULL);
    void *kept = acre_malloc(100);
    assert_true(cached_bytes() > 0);
    assert_int_equal(acre_trim(0), 1);
    assert_int_equal(cached_bytes(), 0);
    heap_check_counts(1, 0);
    assert_int_equal(acre_trim(0), 0);
    churn(NULL);
    acre_free(kept);
    heap_check_counts(0, 0);
}

static void test_trim__caches_of_a_standing_thread(void **state)
{
    (void)state;
    unit_in_standing_thread(churn, NULL);
    unit_in_standing_thread(churn, NULL);
    assert_true(cached_bytes() > 0);
    assert_true(ac_trim_caches(AC_ID_HELPER, false));
    assert_int_equal(cached_bytes(), 0);
    heap_check_empty();
}

static void test_trim__busy_threads_are_spared(void **state)
{
    (void)state;
    unit_in_standing_thread(churn, NULL);
    size_t before = cached_bytes();
    assert_true(ac_trim_caches(AC_ID_HELPER, true)); /* it has worked since the last look */
    assert_int_equal(cached_bytes(), before);
    assert_true(ac_trim_caches(AC_ID_HELPER, true)); /* now it has not */
    assert_int_equal(cached_bytes(), 0);
}

static void test_trim__no_barrier_no_steal(void **state)
{
    (void)state;
    unit_in_standing_thread(churn, NULL);
    churn(NULL);
    ac_fake_fail(AC_FAKE_BARRIER, 1, false);
    size_t before = cached_bytes();
    assert_false(ac_trim_caches(AC_ID_HELPER, false));
    assert_int_equal(cached_bytes(), before);
    heap_check_counts(0, 0);
    churn(NULL); /* the shut bins open again */
    assert_true(ac_trim_caches(AC_ID_HELPER, false));
    assert_int_equal(cached_bytes(), 0);
    churn(NULL);
    heap_check_counts(0, 0);
}

/* TR1: what is in the middle of an operation stays. */
static void test_trim__a_busy_bin_is_left_alone(void **state)
{
    (void)state;
    churn(NULL);
    unsigned class = 0;
    for (unsigned c = 1; c < AC_NCLASSES && class == 0; c++)
        class = ac_magazine_count(ac_heap_self, c) != 0 ? c : 0;
    uint32_t count = ac_magazine_count(ac_heap_self, class);
    ac_heap_self->bins[class].top += AC_BIN_BUSY;
    assert_true(ac_trim_caches(AC_ID_HELPER, false));
    ac_heap_self->bins[class].top -= AC_BIN_BUSY;
    assert_int_equal(ac_magazine_count(ac_heap_self, class), count);
    assert_int_equal(cached_bytes(), count * (size_t)ac_sizeclass[class].size_bytes);
    churn(NULL);
    heap_check_counts(0, 0);
}

static void reopen(void *arg)
{
    void *block = acre_malloc((size_t)(uintptr_t)arg);
    acre_free(block);
}

/* A bin that its owner has used again since it was shut is not the stealer's. */
static void test_trim__a_reopened_bin_is_left_alone(void **state)
{
    unsigned class = ac_class_of_size(300);
    (void)state;
    churn(NULL);
    assert_true(ac_magazine_count(ac_heap_self, class) != 0);
    ac_fake_intrude(AC_FAKE_BARRIER, reopen, (void *)300);
    assert_true(ac_trim_caches(AC_ID_HELPER, false));
    assert_true(ac_magazine_count(ac_heap_self, class) != 0);
    assert_int_equal(cached_bytes() % ac_sizeclass[class].size_bytes, 0);
    heap_check_counts(0, 0);
    churn(NULL);
    heap_check_counts(0, 0);
}

static void test_trim__keeps_as_much_as_asked(void **state)
{
    struct ac_pageheap_stats stats;
    void *blocks[40];
    (void)state;
    ac_option_value[AC_OPTION_dirty_min] = (size_t)1 << 40;
    for (unsigned i = 0; i < 40; i++)
        blocks[i] = acre_malloc(MIB);
    for (unsigned i = 0; i < 40; i++)
        acre_free(blocks[i]);
    assert_int_equal(acre_trim(10 * MIB), 1);
    ac_pageheap_get_stats(&stats);
    assert_in_range(stats.dirty_bytes, 8 * MIB, 10 * MIB);
    assert_int_equal(acre_trim(0), 1);
    ac_pageheap_get_stats(&stats);
    assert_int_equal(stats.dirty_bytes, 0);
}

/* ---- against running owners ---- */

static struct {
    uint32_t stop;
    uint32_t bad;
    pthread_mutex_t mutex;
    void *exchange[NSLOTS];
} play = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void *swap(unsigned slot, void *block)
{
    pthread_mutex_lock(&play.mutex);
    void *other = play.exchange[slot];
    play.exchange[slot] = block;
    pthread_mutex_unlock(&play.mutex);
    return other;
}

static void check_and_free(void *block)
{
    if (block == NULL)
        return;
    if (!unit_is_filled(block, 16, (uintptr_t)block))
        ac_fetch_add_rlx(&play.bad, 1);
    acre_free(block);
}

static void *own(void *arg)
{
    uint64_t seed = (uint64_t)(uintptr_t)arg;
    void *held[NSLOTS] = {NULL};
    ac_fake_thread_begin();
    while (ac_load_rlx(&play.stop) == 0) {
        for (unsigned i = 0; i < 50; i++) {
            unsigned slot = (unsigned)(unit_random(&seed) % NSLOTS);
            check_and_free(held[slot]);
            held[slot] = acre_malloc(16 + unit_random(&seed) % 1500);
            unit_fill(held[slot], 16, (uintptr_t)held[slot]);
            if (i % 5 == 0)
                held[slot] = swap(slot, held[slot]);
        }
        ac_fake_thread_pass();
    }
    for (unsigned i = 0; i < NSLOTS; i++)
        check_and_free(held[i]);
    ac_fake_thread_end();
    return NULL;
}

static void test_trim__against_running_owners(void **state)
{
    pthread_t threads[NOWNERS];
    (void)state;
    for (unsigned i = 0; i < NOWNERS; i++)
        pthread_create(&threads[i], NULL, own, (void *)(uintptr_t)(i + 1));
    for (unsigned i = 0; i < 150; i++) {
        ac_trim_caches(AC_ID_HELPER, i % 2 == 0);
        if (i % 10 == 0)
            acre_trim(0);
    }
    ac_store_rlx(&play.stop, 1);
    for (unsigned i = 0; i < NOWNERS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < NSLOTS; i++)
        check_and_free(swap(i, NULL));
    assert_int_equal(play.bad, 0);
    heap_check_counts(0, 0);
    heap_check_empty();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_trim__own_caches),
    UNIT_TEST(test_trim__caches_of_a_standing_thread),
    UNIT_TEST(test_trim__busy_threads_are_spared),
    UNIT_TEST(test_trim__no_barrier_no_steal),
    UNIT_TEST(test_trim__a_busy_bin_is_left_alone),
    UNIT_TEST(test_trim__a_reopened_bin_is_left_alone),
    UNIT_TEST(test_trim__keeps_as_much_as_asked),
    UNIT_TEST(test_trim__against_running_owners),
};
UNIT_MAIN(tests)

/* SPDX-License-Identifier: MIT
 *
 * test_outbox.c -- heap/outbox.c: blocks freed by another thread than the one that allocated them go home
 * in batches, to living and dead threads, without memory too; and pipelines of threads.
 */
#include "core/meta.h"
#include "core/pagemap.h"
#include "core/span.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/outbox.h"
#include "heap/thread.h"
#include "heap_check.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <pthread.h>
#include <sched.h>

#define NBLOCKS 3000u
#define NPRODUCERS 3u
#define NCONSUMERS 2u
#define NROUNDS 4000u
#define RING 64u

static void *blocks[NBLOCKS];

static void *produce(void *arg)
{
    size_t size = (size_t)(uintptr_t)arg;
    for (unsigned i = 0; i < NBLOCKS; i++) {
        blocks[i] = acre_malloc(size != 0 ? size : 16 + i * 7 % 3000);
        unit_fill(blocks[i], 16, i);
    }
    return NULL;
}

static void produce_for_ever(void *arg)
{
    produce(arg);
}

static void consume(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_true(unit_is_filled(blocks[i], 16, i));
        acre_free(blocks[i]);
    }
}

static struct ac_outbox_slot *slot_of(const void *block)
{
    uint64_t entry = ac_pagemap_get(block);
    return ac_outbox_slot(ac_heap_self->outbox, (unsigned)(entry >> 48));
}

static void test_outbox__collects_a_batch(void **state)
{
    (void)state;
    acre_free(acre_malloc(64)); /* this thread takes the first shard */
    unit_in_standing_thread(produce_for_ever, (void *)64);
    struct ac_center *center = ac_center_peek(2, ac_class_of_size(64));
    uint64_t out = center->out;
    assert_null(ac_heap_self->outbox);
    uint32_t before = 0;
    unsigned level = 0;
    for (unsigned i = 0; i < NBLOCKS; i++) {
        acre_free(blocks[i]);
        struct ac_outbox_slot *slot = slot_of(blocks[i]);
        uint32_t count = ac_outbox_count(slot);
        assert_int_equal(count, before < AC_OUTBOX_BLOCKS << level ? before + 1 : 1); /* OB2 */
        before = count;
        level = slot->level;
        assert_int_equal(slot->tag, 2 << 8 | ac_class_of_size(64) * AC_BIN_WORDS);
        assert_ptr_equal(slot->blocks[count - 1], blocks[i]); /* OB1 */
    }
    assert_int_equal(ac_heap_self->remote_frees, NBLOCKS);
    assert_int_equal(level, AC_OUTBOX_LEVELS - 1); /* it was full often enough */
    assert_true(out - center->out + center->ntransfer >= NBLOCKS - (AC_OUTBOX_BLOCKS << level));
    ac_thread_flush(ac_heap_self);
    assert_int_equal(ac_outbox_count(slot_of(blocks[0])), 0);
    heap_check_counts(0, 0);
}

static void test_outbox__bytes_are_bounded(void **state)
{
    (void)state;
    acre_free(acre_malloc(64));
    unit_in_standing_thread(produce_for_ever, (void *)0);
    for (unsigned i = 0; i < NBLOCKS; i++) {
        acre_free(blocks[i]);
        struct ac_outbox_slot *slot = slot_of(blocks[i]);
        size_t size = ac_sizeclass[(slot->tag & 0xff) / AC_BIN_WORDS].size_bytes;
        uint32_t count = ac_outbox_count(slot);
        assert_true(count <= AC_OUTBOX_BLOCKS << slot->level);
        assert_true(count == 1 || count * size <= AC_OUTBOX_BYTES << slot->level);
        for (uint32_t k = 0; k < count; k++)
            assert_int_equal(ac_pagemap_get(slot->blocks[k]) >> 48, slot->tag);
    }
    heap_check_counts(0, 0);
}

static void test_outbox__owner_is_gone(void **state)
{
    (void)state;
    acre_free(acre_malloc(64));
    unit_in_thread(produce, NULL);
    heap_check_counts(NBLOCKS, 0);
    consume(NBLOCKS);
    heap_check_counts(0, 0);
    heap_check_empty();
}

static void *consume_all(void *arg)
{
    consume((unsigned)(uintptr_t)arg);
    return NULL;
}

static void test_outbox__freer_is_gone(void **state)
{
    (void)state;
    produce(NULL);
    unit_in_thread(consume_all, (void *)(uintptr_t)NBLOCKS);
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* A consumer that only frees keeps nothing but its outbox: what it freed can be allocated again at once. */
static void test_outbox__memory_is_used_again(void **state)
{
    (void)state;
    acre_free(acre_malloc(64));
    unit_in_thread(produce, (void *)512);
    consume(NBLOCKS);
    size_t mapped = ac_fake_mapped_bytes();
    for (unsigned round = 0; round < 20; round++) {
        unit_in_thread(produce, (void *)512);
        consume(NBLOCKS);
    }
    assert_int_equal(ac_fake_mapped_bytes(), mapped);
}

/* With the last of the metadata gone, no outbox can be made: the blocks go home one by one. */
static void test_outbox__no_memory_for_it(void **state)
{
    (void)state;
    acre_free(acre_malloc(64));
    unit_in_thread(produce, NULL);
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    while (ac_meta_get(1, ac_heap_self->id) != NULL)
        ;
    consume(NBLOCKS);
    assert_null(ac_heap_self->outbox);
    ac_fake_heal();
    heap_check_counts(0, 0);
    unit_in_thread(produce, NULL);
    consume(NBLOCKS);
    assert_non_null(ac_heap_self->outbox);
}

/* The outbox is there, but its slots get no arrays. */
static void test_outbox__no_memory_for_a_slot(void **state)
{
    (void)state;
    acre_free(acre_malloc(64));
    unit_in_thread(produce, NULL);
    acre_free(blocks[0]);
    assert_non_null(ac_heap_self->outbox);
    ac_fake_fail(AC_FAKE_ANY, 1, true);
    while (ac_meta_get(1, ac_heap_self->id) != NULL)
        ;
    for (unsigned i = 1; i < NBLOCKS; i++)
        acre_free(blocks[i]);
    ac_fake_heal();
    heap_check_counts(0, 0);
    heap_check_empty();
}

/* A handler that interrupted this very slot, or any slow path, and frees. */
static void test_outbox__in_a_handler(void **state)
{
    (void)state;
    acre_free(acre_malloc(64));
    unit_in_thread(produce, (void *)96);
    for (unsigned i = 0; i < 5; i++)
        acre_free(blocks[i]);
    struct ac_outbox_slot *slot = slot_of(blocks[0]);
    slot->bin.top += AC_BIN_BUSY;
    uint64_t top = slot->bin.top;
    for (unsigned i = 5; i < 10; i++)
        acre_free(blocks[i]);
    assert_true(slot->bin.top == top); /* H */
    slot->bin.top -= AC_BIN_BUSY;
    assert_int_equal(ac_outbox_count(slot), 5);
    ac_heap_self->in_slow = 1;
    for (unsigned i = 10; i < NBLOCKS; i++)
        acre_free(blocks[i]); /* the slot fills up and cannot be sent */
    assert_false(ac_bin_is_busy(slot->bin.top));
    ac_heap_self->in_slow = 0;
    acre_free(acre_malloc(40000));
    heap_check_counts(0, 0);
    heap_check_empty();
}

static void free_it(void *block)
{
    acre_free(block);
}

static void free_and_flush(void *block)
{
    acre_free(block);
    ac_thread_flush(ac_heap_self);
}

static void free_and_trim(void *block)
{
    acre_free(block);
    (void)acre_trim(0);
}

static void two_remote_frees(void)
{
    acre_free(acre_malloc(64));
    unit_in_thread(produce, (void *)96);
    acre_free(blocks[0]);
    acre_free(blocks[1]);
}

static void test_outbox__double_free(void **state)
{
    (void)state;
    two_remote_frees();
    unit_expect_death(free_it, blocks[1], "acre: double free of 0x");
    unit_expect_death(free_and_trim, blocks[0], "acre: double free of 0x");
    unit_expect_death(free_and_trim, (char *)blocks[2] + 16, "acre: free of a pointer into the middle");
}

/* thread.h: a flush goes through the spans, which check every block. */
static void test_outbox__double_free_is_seen_by_a_flush(void **state)
{
    (void)state;
    two_remote_frees();
    unit_expect_death(free_and_flush, blocks[0], "acre: double free of 0x");
    unit_expect_death(free_and_flush, (char *)blocks[2] + 16, "acre: free of a pointer into the middle");
}

/* ---- threads ---- */

static struct ring {
    pthread_mutex_t mutex;
    void *blocks[RING];
    unsigned head;
    unsigned tail;
} rings[NPRODUCERS];

static bool ring_push(struct ring *ring, void *block)
{
    pthread_mutex_lock(&ring->mutex);
    bool ok = ring->head - ring->tail < RING;
    if (ok)
        ring->blocks[ring->head++ % RING] = block;
    pthread_mutex_unlock(&ring->mutex);
    return ok;
}

static void *ring_pop(struct ring *ring)
{
    void *block = NULL;
    pthread_mutex_lock(&ring->mutex);
    if (ring->head != ring->tail)
        block = ring->blocks[ring->tail++ % RING];
    pthread_mutex_unlock(&ring->mutex);
    return block;
}

static uint32_t npopped;
static uint32_t nbad;

static void *run_producer(void *arg)
{
    struct ring *ring = arg;
    uint64_t seed = (uint64_t)(ring - rings) + 1;
    for (unsigned i = 0; i < NROUNDS; i++) {
        size_t size = 16 + unit_random(&seed) % (i % 50 == 0 ? 90000 : 2000);
        void *block = acre_malloc(size);
        unit_fill(block, 16, (uintptr_t)block);
        while (!ring_push(ring, block))
            sched_yield();
    }
    return NULL;
}

static void *run_consumer(void *arg)
{
    (void)arg;
    while (ac_load_rlx(&npopped) < NPRODUCERS * NROUNDS) {
        for (unsigned i = 0; i < NPRODUCERS; i++) {
            void *block = ring_pop(&rings[i]);
            if (block == NULL) {
                sched_yield();
                continue;
            }
            ac_fetch_add_rlx(&npopped, 1);
            if (!unit_is_filled(block, 16, (uintptr_t)block))
                ac_fetch_add_rlx(&nbad, 1);
            acre_free(block);
        }
    }
    return NULL;
}

static void test_outbox__producers_and_consumers(void **state)
{
    pthread_t threads[NPRODUCERS + NCONSUMERS];
    (void)state;
    for (unsigned i = 0; i < NPRODUCERS; i++) {
        pthread_mutex_init(&rings[i].mutex, NULL);
        pthread_create(&threads[i], NULL, run_producer, &rings[i]);
    }
    for (unsigned i = 0; i < NCONSUMERS; i++)
        pthread_create(&threads[NPRODUCERS + i], NULL, run_consumer, NULL);
    for (unsigned i = 0; i < NPRODUCERS + NCONSUMERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(npopped, NPRODUCERS * NROUNDS);
    assert_int_equal(nbad, 0);
    heap_check_counts(0, 0);
    heap_check_empty();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_outbox__collects_a_batch),
    UNIT_TEST(test_outbox__bytes_are_bounded),
    UNIT_TEST(test_outbox__owner_is_gone),
    UNIT_TEST(test_outbox__freer_is_gone),
    UNIT_TEST(test_outbox__memory_is_used_again),
    UNIT_TEST(test_outbox__no_memory_for_it),
    UNIT_TEST(test_outbox__no_memory_for_a_slot),
    UNIT_TEST(test_outbox__in_a_handler),
    UNIT_TEST(test_outbox__double_free),
    UNIT_TEST(test_outbox__double_free_is_seen_by_a_flush),
    UNIT_TEST(test_outbox__producers_and_consumers),
};
UNIT_MAIN(tests)

/* SPDX-License-Identifier: MIT
 *
 * test_central.c -- heap/central.c: random work against a list of what is out, the lists by fill, the
 * transfer cache, and threads. What goes wrong is in test_central_torn.c.
 */
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "central_blocks.h"
#include "heap_check.h"
#include "unit.h"

#include <pthread.h>

#define MAX_OUT 6000
#define NTHREADS 4u
#define ROUNDS 1500u

static void *out[MAX_OUT];
static unsigned nout;

static size_t used_bytes(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    return stats.used_bytes;
}

static void test_central__made_once(void **state)
{
    (void)state;
    assert_null(ac_center_peek(SHARD, 1));
    struct ac_center *center = ac_center_get(SHARD, 7, ME);
    assert_ptr_equal(ac_center_get(SHARD, 7, ME), center);
    assert_ptr_equal(ac_center_peek(SHARD, 7), center);
    assert_int_equal(center->class, 7);
    assert_int_equal(center->shard, SHARD);
    assert_null(ac_center_peek(SHARD + 1, 7));
    assert_int_equal((uintptr_t)center % AC_CACHE_LINE, 0);
}

static void test_central__every_class_fills_its_span(void **state)
{
    static void *blocks[4096];
    (void)state;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        struct ac_center *center = ac_center_get(SHARD, c, ME);
        unsigned nobj = ac_sizeclass[c].nobj;
        take_n(center, blocks, nobj);
        struct ac_span *span = span_of(blocks[0]);
        for (unsigned i = 0; i < nobj; i++) {
            assert_ptr_equal(span_of(blocks[i]), span);
            assert_int_equal(((uintptr_t)blocks[i] - span->base) % ac_sizeclass[c].size_bytes, 0);
            ac_center_check_block(span, blocks[i]);
        }
        assert_int_equal(center->nspans, 1);
        assert_int_equal(center->out, nobj);
        assert_int_equal(span->fresh, nobj);
        ac_center_give(center, blocks, nobj, ME, false);
        assert_int_equal(center->out, 0);
        assert_int_equal(span->nfree, nobj);
    }
    heap_check_empty();
}

static void test_central__a_batch_pops_in_address_order(void **state)
{
    void *blocks[128];
    struct ac_center *center = center_of(64);
    (void)state;
    take_n(center, blocks, 128);
    for (unsigned i = 1; i < 128; i++)
        assert_true(blocks[i] < blocks[i - 1]);
    /* Freed in any order, they come back in address order. */
    uint64_t seed = 5;
    for (unsigned i = 127; i > 0; i--) {
        unsigned k = (unsigned)(unit_random(&seed) % (i + 1));
        void *swap = blocks[i];
        blocks[i] = blocks[k];
        blocks[k] = swap;
    }
    ac_center_give(center, blocks, 128, ME, false);
    assert_int_equal(ac_center_take(center, blocks, 100, ME, true), 100);
    for (unsigned i = 1; i < 100; i++)
        assert_true(blocks[i] < blocks[i - 1]);
}

/* ---- random work ---- */

static void give_some(struct ac_center *center, unsigned n, bool hot, uint64_t *seed)
{
    void *batch[AC_MAX_BATCH];
    for (unsigned i = 0; i < n; i++) {
        unsigned k = (unsigned)(unit_random(seed) % nout);
        assert_true(unit_is_filled(out[k], 64, (uintptr_t)out[k]));
        batch[i] = out[k];
        out[k] = out[--nout];
    }
    ac_center_give(center, batch, n, ME, hot);
}

static void take_some(struct ac_center *center, unsigned n)
{
    unsigned got = ac_center_take(center, out + nout, n, ME, true);
    assert_in_range(got, 1, n);
    for (unsigned i = nout; i < nout + got; i++)
        unit_fill(out[i], 64, (uintptr_t)out[i]);
    nout += got;
}

static void check_center(const struct ac_center *center)
{
    struct heap_walk walk;
    heap_check_walk(&walk);
    unsigned class = center->class;
    assert_int_equal(center->nspans, walk.nspans[class]);
    assert_int_equal(center->fresh, walk.fresh[class]);
    assert_int_equal(center->out, walk.out[class]);
    assert_int_equal(center->out, nout + center->ntransfer); /* CE2 */
}

static void random_work(size_t size)
{
    uint64_t seed = size;
    struct ac_center *center = center_of(size);
    for (unsigned i = 0; i < 3000; i++) {
        unsigned n = 1 + (unsigned)(unit_random(&seed) % ac_sizeclass[center->class].batch);
        bool fill = (i / 500) % 2 == 0;
        if (unit_random(&seed) % 10 < (fill ? 6 : 4)) {
            if (nout + n <= MAX_OUT)
                take_some(center, n);
        } else if (nout >= n) {
            give_some(center, n, unit_random(&seed) % 2 == 0, &seed);
        }
        if (i % 100 == 0) {
            if (i % 500 == 0)
                ac_center_drain(center, ME);
            check_center(center);
        }
    }
    while (nout != 0)
        give_some(center, 1, false, &seed);
    ac_center_drain(center, ME);
    check_center(center);
    assert_int_equal(center->nspans, 0);
    assert_int_equal(used_bytes(), 0);
}

static void test_central__random_work(void **state)
{
    static const size_t sizes[] = {64, 96, 400, 1664, 5000, 12000, 32768};
    (void)state;
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        random_work(sizes[i]);
}

/* ---- spans ---- */

/* A span of 32 blocks of 1024 bytes of which `nfree` are free, beside the current one. */
static struct ac_span *span_with(struct ac_center *center, void **blocks, unsigned nfree)
{
    take_n(center, blocks, 32);
    struct ac_span *span = span_of(blocks[0]);
    void *other;
    take_n(center, &other, 1); /* makes the span leave the place of the current one */
    assert_ptr_not_equal(span_of(other), span);
    assert_int_equal(span->state, AC_SPAN_FULL);
    if (nfree != 0)
        ac_center_give(center, blocks, nfree, ME, false);
    return span;
}

static void test_central__lists_by_fill(void **state)
{
    void *blocks[32];
    struct ac_center *center = center_of(1024);
    (void)state;
    struct ac_span *span = span_with(center, blocks, 0);
    for (unsigned i = 0; i < 31; i++) {
        ac_center_give(center, &blocks[i], 1, ME, false);
        unsigned nfree = i + 1;
        assert_int_equal(span->state, nfree < 4 ? AC_SPAN_FEW : nfree < 16 ? AC_SPAN_SOME : AC_SPAN_MANY);
        assert_true(!ac_list_is_empty(&center->partial[span->state - AC_SPAN_FEW]));
    }
    ac_center_give(center, &blocks[31], 1, ME, false);
    assert_int_equal(span->state, AC_SPAN_SPARE);
    assert_ptr_equal(center->spare, span);
    for (unsigned i = 0; i < AC_NPARTIAL; i++)
        assert_true(ac_list_is_empty(&center->partial[i]));
}

/* Some before many before few: the full are not visited for a block, the nearly empty may drain. */
static void test_central__order_of_refills(void **state)
{
    static const unsigned nfree[] = {2, 20, 8}; /* few, many, some */
    static const unsigned order[] = {2, 1, 0};
    void *blocks[4][32], *block;
    struct ac_center *center = center_of(1024);
    (void)state;
    for (unsigned k = 0; k < 4; k++)
        take_n(center, blocks[k], 32);
    for (unsigned k = 0; k < 3; k++) {
        ac_center_give(center, blocks[k], nfree[k], ME, false);
        assert_int_equal(span_of(blocks[k][0])->nfree, nfree[k]);
    }
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned i = 0; i < nfree[order[k]]; i++) {
            take_n(center, &block, 1);
            assert_ptr_equal(span_of(block), span_of(blocks[order[k]][0]));
        }
    }
    take_n(center, &block, 1);
    assert_int_equal(center->nspans, 5);
}

static void test_central__drained_spans_go_home(void **state)
{
    static void *blocks[10 * 32];
    struct ac_center *center = center_of(1024);
    (void)state;
    take_n(center, blocks, 10 * 32);
    assert_int_equal(center->nspans, 10);
    assert_int_equal(used_bytes(), 10 * AC_UNIT_BYTES);
    struct ac_span *first = span_of(blocks[0]);
    uintptr_t base = first->base;
    ac_center_give(center, blocks, 9 * 32, ME, false);
    assert_int_equal(center->nspans, 2); /* the current one and a spare */
    assert_int_equal(used_bytes(), 2 * AC_UNIT_BYTES);
    if (span_of((void *)base) == NULL)
        assert_int_equal(ac_entry_shard(ac_pagemap_get((void *)base)), AC_FREED_SHARD);
    ac_center_give(center, blocks + 9 * 32, 32, ME, false);
    ac_center_drain(center, ME);
    assert_int_equal(center->nspans, 0);
    assert_int_equal(used_bytes(), 0);
    assert_int_equal(center->fresh, 0);
}

/* A program that swings by one span does not make the page heap work. */
static void test_central__spare_stops_thrashing(void **state)
{
    void *blocks[64];
    struct ac_center *center = center_of(1024);
    (void)state;
    take_n(center, blocks, 64);
    ac_center_give(center, blocks, 32, ME, false);
    size_t used = used_bytes();
    for (unsigned i = 0; i < 50; i++) {
        take_n(center, blocks, 32);
        ac_center_give(center, blocks, 32, ME, false);
        assert_int_equal(used_bytes(), used);
    }
}

/* ---- transfer cache ---- */

static void test_central__transfer_is_last_in_first_out(void **state)
{
    void *a[20], *b[20], *c[20];
    struct ac_center *center = center_of(64);
    (void)state;
    take_n(center, a, 20);
    take_n(center, b, 20);
    ac_center_give(center, a, 20, ME, true);
    ac_center_give(center, b, 20, ME, true);
    assert_int_equal(center->ntransfer, 40);
    assert_int_equal(center->out, 40);
    assert_int_equal(ac_center_take(center, c, 20, ME, true), 20);
    assert_memory_equal(b, c, sizeof b);
    assert_int_equal(ac_center_take(center, c, 20, ME, true), 20);
    assert_memory_equal(a, c, sizeof a);
    assert_int_equal(center->ntransfer, 0);
}

static void test_central__transfer_is_bounded(void **state)
{
    static void *blocks[30 * AC_MAX_BATCH];
    (void)state;
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        struct ac_center *center = ac_center_get(SHARD, c, ME);
        unsigned batch = ac_sizeclass[c].batch;
        for (unsigned n = 0; n + batch <= 30 * batch; n += batch)
            take_n(center, blocks + n, batch);
        for (unsigned n = 0; n + batch <= 30 * batch; n += batch)
            ac_center_give(center, blocks + n, batch, ME, true);
        assert_true(center->ntransfer <= center->transfer_cap);
        assert_true(center->ntransfer * (size_t)ac_sizeclass[c].size_bytes <= 256 * 1024);
        ac_center_drain(center, ME);
        assert_int_equal(center->ntransfer, 0);
    }
    assert_int_equal(used_bytes(), 0);
}

/* ---- threads ---- */

static struct {
    pthread_mutex_t mutex;
    void *blocks[512];
    unsigned n;
} bazaar = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static unsigned swap_some(void **blocks, unsigned n)
{
    pthread_mutex_lock(&bazaar.mutex);
    while (n > 0 && bazaar.n < 512)
        bazaar.blocks[bazaar.n++] = blocks[--n];
    while (bazaar.n > 256)
        blocks[n++] = bazaar.blocks[--bazaar.n];
    pthread_mutex_unlock(&bazaar.mutex);
    return n;
}

static void *trade(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    uint64_t seed = me;
    void *blocks[1024];
    unsigned n = 0;
    bool ok = true;
    struct ac_center *center = ac_center_peek(SHARD, ac_class_of_size(96));
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned want = 1 + (unsigned)(unit_random(&seed) % 64);
        unsigned got = n + want < 500 ? ac_center_take(center, blocks + n, want, me, true) : 0;
        for (unsigned k = n; k < n + got; k++)
            unit_fill(blocks[k], 96, (uintptr_t)blocks[k]);
        n = swap_some(blocks, n + got);
        unsigned give = n < want ? n : want;
        for (unsigned k = n - give; k < n; k++)
            ok = unit_is_filled(blocks[k], 96, (uintptr_t)blocks[k]) && ok;
        ac_center_give(center, blocks + n - give, give, me, i % 3 != 0);
        n -= give;
        if (i % 200 == 0)
            ac_center_drain(center, me);
    }
    ac_center_give(center, blocks, n, me, false);
    return ok ? arg : NULL;
}

static void test_central__threads(void **state)
{
    pthread_t threads[NTHREADS];
    void *ok;
    struct ac_center *center = center_of(96);
    (void)state;
    for (unsigned i = 0; i < NTHREADS; i++)
        pthread_create(&threads[i], NULL, trade, (void *)(uintptr_t)(i + 10));
    for (unsigned i = 0; i < NTHREADS; i++) {
        pthread_join(threads[i], &ok);
        assert_non_null(ok);
    }
    nout = bazaar.n;
    check_center(center);
    ac_center_give(center, bazaar.blocks, bazaar.n, ME, false);
    ac_center_drain(center, ME);
    assert_int_equal(used_bytes(), 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_central__made_once),
    UNIT_TEST(test_central__every_class_fills_its_span),
    UNIT_TEST(test_central__a_batch_pops_in_address_order),
    UNIT_TEST(test_central__random_work),
    UNIT_TEST(test_central__lists_by_fill),
    UNIT_TEST(test_central__order_of_refills),
    UNIT_TEST(test_central__drained_spans_go_home),
    UNIT_TEST(test_central__spare_stops_thrashing),
    UNIT_TEST(test_central__transfer_is_last_in_first_out),
    UNIT_TEST(test_central__transfer_is_bounded),
    UNIT_TEST(test_central__threads),
};
UNIT_MAIN(tests)

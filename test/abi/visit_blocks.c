/* SPDX-License-Identifier: MIT
 *
 * visit_blocks.c -- acre_visit_spans and acre_visit_blocks: what the program has is seen once each, what it
 * freed is not, also while other threads allocate; the sums are the statistics; the visitor may do anything.
 */
#include <acre/acre.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"

enum { BLOCKS = 3000, MAX_SEEN = 200000, THREADS = 3, ROUNDS = 30, STOP = 42, SMALL_MAX = 32768 };

struct seen {
    size_t n;
    size_t stop_after;
    unsigned long long small, large, small_bytes, large_bytes;
    const void *addresses[MAX_SEEN];
    size_t sizes[MAX_SEEN];
};

/* Not of the heap that is walked. */
static struct seen seen;
static void *blocks[BLOCKS];
static size_t sizes[BLOCKS];

static int visit(void *context, const struct acre_block *b)
{
    struct seen *s = context;
    const char *begin = b->span->address;
    const char *at = b->address;
    CHECK_CASE("block %p of %zu", b->address, b->size);
    CHECK(at >= begin && at + b->size <= begin + b->span->size);
    CHECK_EQ(b->size, b->span->block_size);
    CHECK(b->span->shard == 0 || (size_t)(at - begin) % b->size == 0);
    CHECK(s->n < MAX_SEEN);
    s->addresses[s->n] = b->address;
    s->sizes[s->n] = b->size;
    if (b->span->shard == 0) {
        s->large++;
        s->large_bytes += b->size;
    } else {
        s->small++;
        s->small_bytes += b->size;
    }
    return ++s->n == s->stop_after ? STOP : 0;
}

static void look(void)
{
    seen.n = 0;
    seen.small = seen.large = seen.small_bytes = seen.large_bytes = 0;
    CHECK_EQ(acre_visit_blocks(visit, &seen), 0);
}

/* Times that an address was seen; *out_size of the last one. */
static unsigned times_seen(const void *block, size_t *out_size)
{
    unsigned times = 0;
    for (size_t i = 0; i < seen.n; i++) {
        if (seen.addresses[i] != block)
            continue;
        times++;
        *out_size = seen.sizes[i];
    }
    return times;
}

static void check_mine(bool live)
{
    size_t size = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        CHECK_CASE("block %zu of %zu bytes", i, sizes[i]);
        CHECK_EQ(times_seen(blocks[i], &size), live);
        if (live)
            CHECK_LE(sizes[i], size);
    }
}

static void allocate_mine(void)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        sizes[i] = i % 100 == 0 ? 40000 + i * 13 : i % 97 * 31 + 1;
        if (i % 1000 == 7)
            sizes[i] = (size_t)3 << 20; /* a mapping of its own */
        CHECK(blocks[i] = malloc(sizes[i]));
    }
}

static void free_mine(void)
{
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void sees_what_is_live(void)
{
    struct acre_stats stats = {.size = sizeof stats};
    allocate_mine();
    look();
    check_mine(true);
    CHECK_EQ(acre_stats_get(&stats), 0);
    CHECK_EQ(seen.small, stats.small_live_objects);
    CHECK_EQ(seen.large, stats.large_live_objects);
    CHECK_EQ(seen.small_bytes, stats.small_live_bytes);
    CHECK_EQ(seen.large_bytes, stats.large_live_bytes);
    free_mine();
    look(); /* most are in magazines and transfer caches now */
    check_mine(false);
    CHECK_EQ(acre_stats_get(&stats), 0);
    CHECK_EQ(seen.small, stats.small_live_objects);
    CHECK_EQ(seen.large, stats.large_live_objects);
}

/* ---- freed by another thread, which keeps them for a while ---- */

static sem_t freed, looked;

static void *free_and_stay(void *arg)
{
    enum { OWN = 64 };
    void *own[OWN]; /* a thread that only frees has no cache */
    for (size_t i = 0; i < OWN; i++)
        CHECK(own[i] = malloc(sizes[0]));
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    CHECK_EQ(sem_post(&freed), 0);
    while (sem_wait(&looked) != 0)
        ;
    for (size_t i = 0; i < OWN; i++)
        free(own[i]);
    return arg;
}

static void freed_elsewhere_is_not_live(void)
{
    pthread_t thread;
    CHECK_EQ(sem_init(&freed, 0, 0) | sem_init(&looked, 0, 0), 0);
    allocate_mine();
    CHECK_EQ(pthread_create(&thread, NULL, free_and_stay, NULL), 0);
    while (sem_wait(&freed) != 0)
        ;
    look();
    check_mine(false);
    CHECK_EQ(sem_post(&looked), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* ---- spans ---- */

struct sums {
    unsigned long long spans, live, cached_bytes, free_bytes, fresh_bytes, large_bytes, purged;
    bool busy;
};

static int visit_span(void *context, const struct acre_span *s)
{
    struct sums *sums = context;
    CHECK_CASE("span %p of blocks of %zu", s->address, s->block_size);
    CHECK_LE(s->live + s->cached + s->free, s->blocks);
    CHECK_LE(s->blocks * s->block_size, s->size);
    sums->spans++;
    sums->live += s->live;
    sums->purged += s->purged;
    if (s->shard == 0) {
        CHECK_EQ(s->blocks, 1);
        CHECK_EQ(s->live, 1);
        sums->large_bytes += s->block_size;
        return 0;
    }
    sums->cached_bytes += s->cached * s->block_size;
    sums->free_bytes += s->free * s->block_size;
    sums->fresh_bytes += s->size - (s->live + s->cached + s->free) * s->block_size;
    return 0;
}

static void spans_add_up(void)
{
    struct acre_stats stats = {.size = sizeof stats};
    struct sums sums = {0};
    allocate_mine();
    for (size_t i = 0; i < BLOCKS; i += 2)
        free(blocks[i]);
    CHECK_EQ(acre_visit_spans(visit_span, &sums), 0);
    CHECK_EQ(acre_stats_get(&stats), 0);
    CHECK_CASE("%s", "sums of spans");
    CHECK(sums.spans > 0 && sums.cached_bytes > 0);
    CHECK_EQ(sums.live, stats.small_live_objects + stats.large_live_objects);
    CHECK_EQ(sums.large_bytes, stats.large_live_bytes);
    CHECK_EQ(sums.cached_bytes, stats.thread_cache_bytes + stats.transfer_cache_bytes);
    CHECK_EQ(sums.free_bytes, stats.span_free_bytes);
    CHECK_EQ(sums.fresh_bytes, stats.span_fresh_bytes);
    CHECK_EQ(sums.purged, stats.span_purged_bytes);
    for (size_t i = 1; i < BLOCKS; i += 2)
        free(blocks[i]);
}

/* ---- what a visitor may do ---- */

static int visit_and_allocate(void *context, const struct acre_block *b)
{
    struct sums inner = {0};
    unsigned *left = context;
    (void)b;
    for (size_t size = 1; size < SMALL_MAX * 4; size *= 2)
        free(check_escape(malloc(size)));
    CHECK_EQ(acre_visit_spans(visit_span, &inner), 0);
    acre_trim(0);
    return --*left == 0 ? STOP : 0;
}

static void visitor_may_do_anything(void)
{
    unsigned left = 20;
    allocate_mine();
    CHECK_EQ(acre_visit_blocks(visit_and_allocate, &left), STOP);
    CHECK_EQ(left, 0);
    free_mine();
}

static void stops_when_told(void)
{
    allocate_mine();
    seen.n = 0;
    seen.stop_after = 3;
    CHECK_EQ(acre_visit_blocks(visit, &seen), STOP);
    CHECK_EQ(seen.n, 3);
    seen.stop_after = 0;
    free_mine();
}

/* ---- beside other threads ---- */

static int done;

static void *churn(void *arg)
{
    enum { MINE = 200 };
    void *mine[MINE] = {0};
    unsigned random = (unsigned)(size_t)arg * 2654435761u;
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
        random = random * 1664525 + 1013904223;
        unsigned i = random >> 8 & 0xff;
        if (i >= MINE)
            continue;
        free(mine[i]);
        mine[i] = malloc(random >> 16 == 0 ? (size_t)2 << 20 : (random >> 16) % 3000 + 1);
        CHECK(mine[i]);
    }
    for (unsigned i = 0; i < MINE; i++)
        free(mine[i]);
    return NULL;
}

static int by_address(const void *a, const void *b)
{
    const char *x = *(const char *const *)a;
    const char *y = *(const char *const *)b;
    return x < y ? -1 : x > y;
}

static void exact_beside_threads(void)
{
    pthread_t threads[THREADS];
    allocate_mine();
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        look();
        if (round % 10 == 0)
            check_mine(true);
        qsort(seen.addresses, seen.n, sizeof seen.addresses[0], by_address);
        for (size_t i = 1; i < seen.n; i++)
            CHECK(seen.addresses[i - 1] != seen.addresses[i]);
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    free_mine();
    look();
    check_mine(false);
}

int main(void)
{
    free(check_escape(malloc(1)));
    sees_what_is_live();
    freed_elsewhere_is_not_live();
    spans_add_up();
    stops_when_told();
    visitor_may_do_anything();
    exact_beside_threads();
    CHECK_EQ(acre_verify(NULL, 0), 0);
    return 0;
}

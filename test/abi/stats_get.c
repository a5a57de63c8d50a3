/* SPDX-License-Identifier: MIT
 *
 * stats_get.c -- acre_stats_get: callers of older and newer versions, whose struct is shorter or longer; and
 * figures that grow by exactly what was allocated.
 */
#include <acre/acre.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "support/check.h"

enum { BLOCKS = 1000, LARGE_BLOCKS = 5, THREADS = 3, FILLER = 0xa5 };

static const size_t first_field = offsetof(struct acre_stats, small_live_bytes);

static struct acre_stats stats_now(void)
{
    struct acre_stats stats = {.size = sizeof stats};
    errno = 0;
    CHECK_EQ(acre_stats_get(&stats), 0);
    CHECK_ERRNO(0);
    CHECK_EQ(stats.size, sizeof stats);
    CHECK_EQ(stats.version, ACRE_STATS_VERSION);
    CHECK_EQ(stats.nstats, (sizeof stats - first_field) / sizeof(unsigned long long));
    return stats;
}

/* What a call with this size answers; nothing may be written after that many bytes. */
static int get_sized(size_t size, unsigned char bytes[2 * sizeof(struct acre_stats)])
{
    CHECK_CASE("a struct of %zu bytes", size);
    memset(bytes, FILLER, 2 * sizeof(struct acre_stats));
    memcpy(bytes, &size, sizeof size);
    int error = acre_stats_get((struct acre_stats *)(void *)bytes);
    size_t end = error != 0 ? sizeof size : size;
    for (size_t i = end; i < 2 * sizeof(struct acre_stats); i++)
        CHECK_EQ(bytes[i], FILLER);
    return error;
}

static void every_size_is_kept_to(void)
{
    _Alignas(struct acre_stats) unsigned char bytes[2 * sizeof(struct acre_stats)];
    for (size_t size = 0; size < first_field; size++)
        CHECK_EQ(get_sized(size, bytes), EINVAL);
    struct acre_stats whole = stats_now();
    for (size_t size = first_field; size <= sizeof bytes; size++) {
        const struct acre_stats *got = (const void *)bytes;
        CHECK_EQ(get_sized(size, bytes), 0);
        CHECK_EQ(got->size, size);
        CHECK_EQ(got->version, ACRE_STATS_VERSION);
        CHECK_EQ(got->nstats, whole.nstats);
        size_t known = size < sizeof whole ? size : sizeof whole;
        CHECK(memcmp(bytes + first_field, (char *)&whole + first_field, known - first_field) == 0);
        for (size_t i = known; i < size; i++) /* fields of a later version */
            CHECK_EQ(bytes[i], 0);
    }
    CHECK_CASE("%s", "");
}

static void counts_blocks(size_t n, size_t size)
{
    void *blocks[BLOCKS];
    struct acre_stats before = stats_now();
    for (size_t i = 0; i < n; i++)
        CHECK(blocks[i] = malloc(size));
    struct acre_stats during = stats_now();
    bool is_large = size > 32768;
    CHECK_CASE("%zu blocks of %zu", n, size);
    CHECK_EQ(during.small_live_objects - before.small_live_objects, is_large ? 0 : n);
    CHECK_EQ(during.small_live_bytes - before.small_live_bytes, is_large ? 0 : n * acre_good_size(size));
    CHECK_EQ(during.large_live_objects - before.large_live_objects, is_large ? n : 0);
    CHECK_EQ(during.large_live_bytes - before.large_live_bytes, is_large ? n * acre_good_size(size) : 0);
    CHECK_LE(during.small_live_bytes + during.large_live_bytes, during.mapped_bytes);
    for (size_t i = 0; i < n; i++)
        free(blocks[i]);
    struct acre_stats after = stats_now();
    CHECK_EQ(after.small_live_objects, before.small_live_objects);
    CHECK_EQ(after.small_live_bytes, before.small_live_bytes);
    CHECK_EQ(after.large_live_objects, before.large_live_objects);
    CHECK_EQ(after.large_live_bytes, before.large_live_bytes);
    CHECK_CASE("%s", "");
}

static pthread_barrier_t barrier;

static void *thread_with_a_cache(void *unused)
{
    free(check_escape(malloc(100)));
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return unused;
}

static void counts_threads(void)
{
    pthread_t threads[THREADS];
    unsigned long long before = stats_now().threads;
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, THREADS + 1), 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, thread_with_a_cache, NULL), 0);
    pthread_barrier_wait(&barrier);
    CHECK_EQ(stats_now().threads, before + THREADS);
    pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(stats_now().threads, before);
}

int main(void)
{
    free(check_escape(malloc(1)));
    every_size_is_kept_to();
    counts_blocks(BLOCKS, 1);
    counts_blocks(BLOCKS, 100);
    counts_blocks(BLOCKS, 3000);
    counts_blocks(LARGE_BLOCKS, 100000);
    counts_blocks(LARGE_BLOCKS, 3 << 20);
    counts_threads();
    CHECK_EQ(stats_now().rss_bytes, 0);
    CHECK(stats_now().metadata_bytes > 0);
    return 0;
}

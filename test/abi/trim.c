/* SPDX-License-Identifier: MIT
 *
 * trim.c -- malloc_trim returns 1 when it gave memory back, 0 when there was none; it empties the caches of
 * all threads, spares live blocks, and the memory is usable again.
 */
#include <malloc.h>
#include <pthread.h>

#include "support/family.h"
#include "support/memory.h"

enum {
    SMALL_BLOCKS = 400000,
    SMALL_BYTES = 120,
    LARGE_BLOCKS = 60,
    LARGE_BYTES = 500000,
    LEFT_BYTES = 8 * MEMORY_MIB,
    MAX_TRIMS = 4,
};

static char *small[SMALL_BLOCKS];
static char *large[LARGE_BLOCKS];

static void fill(void)
{
    for (size_t i = 0; i < SMALL_BLOCKS; i++) {
        small[i] = malloc(SMALL_BYTES);
        CHECK(small[i]);
        memory_fill(small[i], SMALL_BYTES, i, 1);
    }
    for (size_t i = 0; i < LARGE_BLOCKS; i++) {
        large[i] = malloc(LARGE_BYTES);
        CHECK(large[i]);
        memset(large[i], (int)i, LARGE_BYTES);
    }
}

static void empty(size_t keep_every)
{
    for (size_t i = 0; i < SMALL_BLOCKS; i++) {
        if (keep_every && i % keep_every == 0)
            continue;
        free(small[i]);
        small[i] = NULL;
    }
    for (size_t i = 0; i < LARGE_BLOCKS; i++) {
        free(large[i]);
        large[i] = NULL;
    }
}

static void survivors_are_intact(size_t keep_every)
{
    for (size_t i = 0; i < SMALL_BLOCKS; i += keep_every)
        CHECK(memory_holds(small[i], SMALL_BYTES, i, 1));
}

/* 80 MiB freed: one trim leaves little over what was there before. */
static void gives_back(void)
{
    size_t before = memory_resident_bytes();
    fill();
    CHECK_LE(before + 60 * MEMORY_MIB, memory_resident_bytes());
    empty(0);
    (void)malloc_trim(0);
    CHECK_LE(memory_resident_bytes(), before + LEFT_BYTES);
}

/* Freed memory among a few live blocks: 1, and in the end 0. */
static void says_whether(void)
{
    CHECK_CASE("%s", "result of malloc_trim");
    fill();
    (void)malloc_trim(0);
    empty(100000);
    size_t before = memory_resident_bytes();
    int first = malloc_trim(0);
    bool shrank = memory_resident_bytes() + MEMORY_MIB < before;
    CHECK(first == 1 || !shrank);
    survivors_are_intact(100000);
    int last = first;
    for (int i = 0; i < MAX_TRIMS && last == 1; i++)
        last = malloc_trim(0);
    /* glibc says 1 for as long as there are free pages, resident or not. */
    CHECK(last == 0 || !family_on_acre());
    empty(0);
}

static pthread_barrier_t barrier;

static void *sleeper(void *unused)
{
    enum { COUNT = 3000, BYTES = 2000 };
    static _Thread_local void *mine[COUNT];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++)
            mine[i] = memset(malloc(BYTES), 1, BYTES);
        for (int i = 0; i < COUNT; i++)
            free(mine[i]);
    }
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return unused;
}

/* What sleeping threads have cached goes too; glibc keeps its other arenas' dirty pages less strictly. */
static void caches_of_other_threads(void)
{
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    CHECK_CASE("%s", "caches of sleeping threads");
    (void)malloc_trim(0);
    size_t before = memory_resident_bytes();
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, THREADS + 1), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, sleeper, NULL), 0);
    pthread_barrier_wait(&barrier);
    (void)malloc_trim(0);
    CHECK_LE(memory_resident_bytes(), before + THREADS * 200000 + 2 * MEMORY_MIB);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    gives_back();
    says_whether();
    caches_of_other_threads();
    gives_back();
    return 0;
}

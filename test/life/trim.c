/* SPDX-License-Identifier: MIT
 *
 * malloc_trim(0) called by main while 8 threads sleep with full caches, their own blocks' and other
 * threads': what stays resident is close to what is live.
 */
#include "life/life.h"

#include <sys/mman.h>

enum {
    THREADS = 8,
    EACH_BYTES = 16 * LIFE_MIB,
    MOST_BLOCKS = 1 << 18,
    LIVE_BYTES = 20 * LIFE_MIB,
    LIVE_SIZE = 500
};

struct worker {
    void **blocks;
    size_t nblocks;
};

static struct worker workers[THREADS];
static pthread_barrier_t started, filled, freed, measured;

/* Half of the frees are of blocks that the neighbour allocated. */
static void free_half(struct worker *worker, size_t first)
{
    for (size_t i = first; i < worker->nblocks; i += 2)
        free(worker->blocks[i]);
}

static void *work(void *argument)
{
    size_t self = *(size_t *)argument;
    struct worker *worker = &workers[self];
    uint64_t random = self;
    pthread_barrier_wait(&started);
    for (size_t bytes = 0; bytes < EACH_BYTES && worker->nblocks < MOST_BLOCKS; worker->nblocks++) {
        size_t size = life_random_size(&random, worker->nblocks % 50 == 0 ? 300 * LIFE_KIB : 2000);
        worker->blocks[worker->nblocks] = memset(malloc(size), 1, size);
        bytes += size;
    }
    pthread_barrier_wait(&filled);
    free_half(worker, 0);
    free_half(&workers[(self + 1) % THREADS], 1);
    pthread_barrier_wait(&freed);
    pthread_barrier_wait(&measured);
    return NULL;
}

static void init_barriers(void)
{
    CHECK_EQ(pthread_barrier_init(&started, NULL, THREADS + 1), 0);
    CHECK_EQ(pthread_barrier_init(&filled, NULL, THREADS + 1), 0);
    CHECK_EQ(pthread_barrier_init(&freed, NULL, THREADS + 1), 0);
    CHECK_EQ(pthread_barrier_init(&measured, NULL, THREADS + 1), 0);
}

int main(void)
{
    static size_t numbers[THREADS];
    static void *live[LIVE_BYTES / LIVE_SIZE];
    pthread_t threads[THREADS];
    life_deadline(60, "trimming");
    init_barriers();
    for (size_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        workers[i].blocks = mmap(NULL, MOST_BLOCKS * sizeof(void *), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(workers[i].blocks != MAP_FAILED);
        threads[i] = life_thread(work, &numbers[i]);
    }
    memset(live, 0, sizeof live);
    size_t base_kib = life_rss_kib();
    for (size_t i = 0; i < LIVE_BYTES / LIVE_SIZE; i++)
        live[i] = life_block(LIVE_SIZE, i);
    pthread_barrier_wait(&started);
    pthread_barrier_wait(&filled);
    size_t full_kib = life_rss_kib();
    pthread_barrier_wait(&freed);
    for (size_t i = 0; i < THREADS; i++)
        munmap(workers[i].blocks, MOST_BLOCKS * sizeof(void *));
    size_t freed_kib = life_rss_kib();
    int released = malloc_trim(0);
    size_t trimmed_kib = life_rss_kib();
    check_note("resident: %zu KiB at first, %zu full, %zu freed, %zu trimmed; malloc_trim said %d, then %d",
               base_kib, full_kib, freed_kib, trimmed_kib, released, malloc_trim(0));
    pthread_barrier_wait(&measured);
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    for (size_t i = 0; i < LIVE_BYTES / LIVE_SIZE; i++)
        life_free(live[i]);
    CHECK_EQ(released, 1);
    life_bound("resident after malloc_trim over the start", trimmed_kib - base_kib,
               LIVE_BYTES / LIFE_KIB * 112 / 100 + 2048, "KiB");
    return 0;
}

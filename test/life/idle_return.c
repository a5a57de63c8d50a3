/* SPDX-License-Identifier: MIT
 *
 * Two threads fill 512 MiB, free all of it and stay alive, asleep. Ten seconds later, with no call made by
 * anyone, less than 64 MiB may be resident.
 *
 *   small   blocks up to 1 KiB, freed in scattered order
 *   mixed   blocks up to 200 KiB, freed in scattered order
 *   crossed as mixed, but each thread frees the other's blocks
 */
#include "life/life.h"

#include <sys/mman.h>

enum { THREADS = 2, EACH_BYTES = 256 * LIFE_MIB, MOST_BLOCKS = 4 << 20, SECONDS = 10, BOUND_KIB = 64 * 1024 };

struct worker {
    void **blocks;
    size_t nblocks;
};

static struct worker workers[THREADS];
static size_t max_size;
static int crossed;
static pthread_barrier_t filled, freed, measured;

/* A permutation without memory of its own: strides by a prime that does not divide the count. */
static void free_scattered(const struct worker *worker)
{
    size_t stride = worker->nblocks % 1000003 == 0 ? 1000033 : 1000003;
    for (size_t i = 0, at = 0; i < worker->nblocks; i++) {
        free(worker->blocks[at]);
        at = (at + stride) % worker->nblocks;
    }
}

static void *work(void *argument)
{
    size_t self = *(size_t *)argument;
    struct worker *worker = &workers[self];
    uint64_t random = self;
    for (size_t bytes = 0; bytes < EACH_BYTES && worker->nblocks < MOST_BLOCKS; worker->nblocks++) {
        size_t size = life_random_size(&random, max_size);
        char *block = malloc(size);
        CHECK(block != NULL);
        for (size_t i = 0; i < size; i += 4096)
            block[i] = 1;
        worker->blocks[worker->nblocks] = block;
        bytes += size;
    }
    pthread_barrier_wait(&filled);
    free_scattered(&workers[crossed ? 1 - self : self]);
    pthread_barrier_wait(&freed);
    pthread_barrier_wait(&measured);
    return NULL;
}

/* The pointers' own memory must not count. */
static void drop_pointers(void)
{
    for (size_t i = 0; i < THREADS; i++)
        munmap(workers[i].blocks, MOST_BLOCKS * sizeof(void *));
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    max_size = strcmp(name, "small") == 0 ? LIFE_KIB : 200 * LIFE_KIB;
    crossed = strcmp(name, "crossed") == 0;
    CHECK(crossed || strcmp(name, "small") == 0 || strcmp(name, "mixed") == 0);
    static size_t numbers[THREADS] = {0, 1};
    pthread_t threads[THREADS];
    life_deadline(60, "memory of an idle program");
    CHECK_EQ(pthread_barrier_init(&filled, NULL, THREADS + 1), 0);
    CHECK_EQ(pthread_barrier_init(&freed, NULL, THREADS + 1), 0);
    CHECK_EQ(pthread_barrier_init(&measured, NULL, THREADS + 1), 0);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].blocks = mmap(NULL, MOST_BLOCKS * sizeof(void *), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(workers[i].blocks != MAP_FAILED);
        threads[i] = life_thread(work, &numbers[i]);
    }
    pthread_barrier_wait(&filled);
    size_t full_kib = life_rss_kib();
    pthread_barrier_wait(&freed);
    drop_pointers();
    check_note("filled: %zu MiB resident; right after the frees: %zu MiB", full_kib / 1024,
               life_rss_kib() / 1024);
    CHECK_LE((size_t)THREADS * EACH_BYTES / LIFE_KIB, full_kib);
    for (int second = 1; second <= SECONDS; second++) {
        life_sleep_ms(1000);
        if (second == 1 || second == 2 || second == 5)
            check_note("after %2d s: %zu MiB", second, life_rss_kib() / 1024);
    }
    size_t idle_kib = life_rss_kib();
    pthread_barrier_wait(&measured);
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    life_bound("resident after ten idle seconds", idle_kib, BOUND_KIB, "KiB");
    return 0;
}

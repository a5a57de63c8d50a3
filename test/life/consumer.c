/* SPDX-License-Identifier: MIT
 *
 * 16 producers allocate, one consumer only frees: it keeps the last 64 MiB alive and frees whatever falls
 * out, in scattered order. The peak of resident memory stays under 1.3 times what is live, in one of three
 * runs: it depends on how far the scheduler lets producers run ahead (seen: 1.23 to 1.41).
 */
#include "life/life.h"

#include <sched.h>
#include <sys/mman.h>

enum {
    PRODUCERS = 16,
    RING = 1024, /* blocks on the way from one producer */
    WINDOW = 1 << 19,
    PASSES = 8, /* the window is replaced so many times */
    MAX_SIZE = 240
};

struct ring {
    void *slots[RING];
    _Alignas(64) size_t nput;
    _Alignas(64) size_t ntaken;
    int stop;
};

static struct ring rings[PRODUCERS];

static size_t size_of(uint64_t random)
{
    return 16 + random % MAX_SIZE;
}

static void *produce(void *argument)
{
    struct ring *ring = argument;
    uint64_t random = (uint64_t)(ring - rings);
    while (!__atomic_load_n(&ring->stop, __ATOMIC_RELAXED)) {
        if (ring->nput - __atomic_load_n(&ring->ntaken, __ATOMIC_ACQUIRE) == RING) {
            sched_yield();
            continue;
        }
        size_t size = size_of(life_random(&random));
        size_t *block = malloc(size);
        CHECK(block != NULL);
        memset(block, 1, size);
        *block = size;
        ring->slots[ring->nput % RING] = block;
        __atomic_store_n(&ring->nput, ring->nput + 1, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* The next block of the rings in turn; yields while all are empty. */
static void *take(size_t *turn)
{
    for (;; ++*turn) {
        struct ring *ring = &rings[*turn % PRODUCERS];
        size_t ntaken = ring->ntaken;
        if (__atomic_load_n(&ring->nput, __ATOMIC_ACQUIRE) == ntaken) {
            if (*turn % PRODUCERS == 0)
                sched_yield();
            continue;
        }
        void *block = ring->slots[ntaken % RING];
        __atomic_store_n(&ring->ntaken, ntaken + 1, __ATOMIC_RELEASE);
        return block;
    }
}

static int run_once(void)
{
    static size_t *window[WINDOW];
    pthread_t threads[PRODUCERS];
    life_deadline(100, "16 producers, one consumer");
    memset(window, 0, sizeof window);
    for (size_t i = 0; i < PRODUCERS; i++)
        threads[i] = life_thread(produce, &rings[i]);
    size_t base_kib = life_rss_kib(), peak_kib = 0, live = 0, most_live = 0, turn = 0;
    uint64_t random = 99;
    for (size_t n = 0; n < (size_t)WINDOW * PASSES; n++) {
        size_t **slot = &window[n < WINDOW ? n : life_random(&random) % WINDOW];
        size_t *block = take(&turn);
        live += *block;
        if (*slot != NULL) {
            live -= **slot;
            free(*slot);
        }
        *slot = block;
        most_live = live > most_live ? live : most_live;
        if (n % (WINDOW / 8) == 0 || n + 1 == (size_t)WINDOW * PASSES) {
            size_t rss_kib = life_rss_kib();
            peak_kib = rss_kib > peak_kib ? rss_kib : peak_kib;
        }
        if (n % 256 == 0)
            turn++;
    }
    for (size_t i = 0; i < PRODUCERS; i++)
        __atomic_store_n(&rings[i].stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < PRODUCERS; i++)
        life_join(threads[i]);
    size_t live_kib = most_live / LIFE_KIB;
    check_note("live at most %zu KiB, resident at most %zu KiB over the start: %zu %%", live_kib,
               peak_kib - base_kib, (peak_kib - base_kib) * 100 / live_kib);
    life_bound("peak of resident memory", peak_kib - base_kib, live_kib * 13 / 10, "KiB");
    return 0;
}

int main(int argc, char **argv)
{
    enum { TRIES = 3 };
    if (argc > 1)
        return run_once();
    for (int try = 0; try < TRIES; try++) {
        int status = 1;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            execl("/proc/self/exe", argv[0], "once", (char *)NULL);
            _exit(127);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        if (status == 0)
            return 0;
    }
    return 1;
}

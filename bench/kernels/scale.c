/* SPDX-License-Identifier: MIT
 *
 * scale.c -- threads that share nothing, the same work in each: what does a second one cost the first?
 *
 * The second argument is the number of threads. Each replaces blocks at random in a table of its own. One
 * thread alone is also one besides the main thread, so that the C library knows the process as threaded.
 * The runner reports the throughput of two against one.
 */
#include "threads.h"

#define NSLOTS 4096

struct worker {
    size_t nreplaces;
    uint64_t seed, sum;
    char apart[64];
};

struct slot {
    unsigned char *block;
    size_t size;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    struct slot *slots = need(calloc(NSLOTS, sizeof *slots));
    uint64_t seed = w->seed, sum = 0;

    for (size_t i = 0; i < w->nreplaces; i++) {
        struct slot *slot = &slots[rng_below(&seed, NSLOTS)];

        if (slot->block != NULL)
            sum += kernel_drop(slot->block, slot->size);
        slot->size = rng_size(&seed, 4, 10);
        slot->block = kernel_take(slot->size, (unsigned char)i);
    }
    for (size_t i = 0; i < NSLOTS; i++) {
        if (slots[i].block != NULL)
            sum += kernel_drop(slots[i].block, slots[i].size);
    }
    free(slots);
    w->sum = sum;
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[MAX_THREADS];
    size_t nthreads = kernel_threads(argc, argv, 2, 2);
    uint64_t sum = 0;

    for (size_t t = 0; t < nthreads; t++) {
        workers[t].seed = t + 67;
        workers[t].nreplaces = kernel_work(argc, argv, 14000000);
    }
    kernel_run(nthreads, work, workers, sizeof *workers);
    for (size_t t = 0; t < nthreads; t++)
        sum += workers[t].sum;
    return kernel_done(sum);
}

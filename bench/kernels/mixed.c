/* SPDX-License-Identifier: MIT
 *
 * mixed.c -- sizes from 16 bytes to 64 KiB with short and long lives, calloc and realloc among them: a bit
 * of everything at once. The second argument is the number of threads, which share the work and nothing
 * else.
 */
#include "threads.h"

#define NLONG 20000
#define NSHORT 64

struct slot {
    unsigned char *block;
    size_t size;
};

static unsigned char *take(uint64_t *seed, size_t size, unsigned char mark)
{
    unsigned char *block;

    if (rng_below(seed, 8) != 0)
        return kernel_take(size, mark);
    block = need(calloc(1, size));
    if (block[size / 2] != 0)
        abort();
    block[0] = mark;
    block[size - 1] = mark;
    return block;
}

static void resize(struct slot *slot, size_t size, unsigned char mark)
{
    slot->block = need(realloc(slot->block, size));
    slot->size = size;
    slot->block[size - 1] = mark;
}

struct worker {
    size_t nsteps, nlong; /* of the long-lived, each thread has its part */
    uint64_t seed, sum;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    struct slot *live = need(calloc(w->nlong + NSHORT, sizeof *live));
    uint64_t seed = w->seed, sum = 0;

    for (size_t i = 0; i < w->nsteps; i++) {
        int is_long = rng_below(&seed, 4) == 0;
        size_t at = is_long ? NSHORT + rng_below(&seed, w->nlong) : rng_below(&seed, NSHORT);
        size_t size = rng_below(&seed, 50) == 0 ? rng_size(&seed, 11, 16) : rng_size(&seed, 4, 9);

        if (live[at].block != NULL && rng_below(&seed, 8) == 0) {
            resize(&live[at], size, (unsigned char)i);
            continue;
        }
        if (live[at].block != NULL)
            sum += kernel_drop(live[at].block, live[at].size);
        live[at].size = size;
        live[at].block = take(&seed, size, (unsigned char)i);
    }
    for (size_t i = 0; i < w->nlong + NSHORT; i++) {
        if (live[i].block != NULL)
            sum += kernel_drop(live[i].block, live[i].size);
    }
    free(live);
    w->sum = sum;
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[MAX_THREADS];
    size_t nthreads = kernel_threads(argc, argv, 2, 1);
    uint64_t sum = 0;

    for (size_t t = 0; t < nthreads; t++)
        workers[t] = (struct worker){kernel_work(argc, argv, 7000000) / nthreads, NLONG / nthreads, t + 3, 0};
    kernel_run_plain(nthreads, work, workers, sizeof *workers);
    for (size_t t = 0; t < nthreads; t++)
        sum += workers[t].sum;
    return kernel_done(sum);
}

/* SPDX-License-Identifier: MIT
 *
 * larson.c -- a server of two threads: each replaces blocks at random in its table, then hands the table
 * to a new thread and ends.
 *
 * After P. Larson and M. Krishnan, Memory allocation for long-running server applications (1998): blocks
 * outlive the thread that made them and are freed by another.
 */
#include <pthread.h>

#include "kernel.h"

#define NTHREADS 2
#define NSLOTS 4000
#define NROUNDS 40

struct worker {
    unsigned char *block[NSLOTS];
    size_t size[NSLOTS];
    size_t nreplaces;
    uint64_t seed, sum;
};

static void *serve(void *argument)
{
    struct worker *w = argument;

    for (size_t i = 0; i < w->nreplaces; i++) {
        size_t at = rng_below(&w->seed, NSLOTS);

        if (w->block[at] != NULL)
            w->sum += kernel_drop(w->block[at], w->size[at]);
        w->size[at] = 8 + rng_below(&w->seed, 500);
        w->block[at] = kernel_take(w->size[at], (unsigned char)i);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[NTHREADS];
    size_t nreplaces = kernel_work(argc, argv, 10000000) / NROUNDS;
    uint64_t sum = 0;

    for (size_t t = 0; t < NTHREADS; t++) {
        workers[t].seed = t + 5;
        workers[t].nreplaces = nreplaces;
    }
    for (size_t round = 0; round < NROUNDS; round++) {
        pthread_t threads[NTHREADS];

        for (size_t t = 0; t < NTHREADS; t++) {
            if (pthread_create(&threads[t], NULL, serve, &workers[t]) != 0)
                return 1;
        }
        for (size_t t = 0; t < NTHREADS; t++)
            pthread_join(threads[t], NULL);
    }
    for (size_t t = 0; t < NTHREADS; t++) {
        for (size_t i = 0; i < NSLOTS; i++) {
            if (workers[t].block[i] != NULL)
                sum += kernel_drop(workers[t].block[i], workers[t].size[i]);
        }
        sum += workers[t].sum;
    }
    return kernel_done(sum);
}

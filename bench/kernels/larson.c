/* SPDX-License-Identifier: MIT
 *
 * larson.c -- a server of some threads: each replaces blocks at random in its table, then hands the table
 * to a new thread and ends. The second argument is the number of threads; they share the work.
 *
 * After P. Larson and M. Krishnan, Memory allocation for long-running server applications (1998): blocks
 * outlive the thread that made them and are freed by another.
 */
#include "threads.h"

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
    static struct worker workers[MAX_THREADS];
    size_t nthreads = kernel_threads(argc, argv, 2, 2);
    size_t nreplaces = kernel_work(argc, argv, 20000000) / NROUNDS / nthreads;
    uint64_t sum = 0;

    for (size_t t = 0; t < nthreads; t++) {
        workers[t].seed = t + 5;
        workers[t].nreplaces = nreplaces;
    }
    for (size_t round = 0; round < NROUNDS; round++)
        kernel_run(nthreads, serve, workers, sizeof *workers);
    for (size_t t = 0; t < nthreads; t++) {
        for (size_t i = 0; i < NSLOTS; i++) {
            if (workers[t].block[i] != NULL)
                sum += kernel_drop(workers[t].block[i], workers[t].size[i]);
        }
        sum += workers[t].sum;
    }
    return kernel_done(sum);
}

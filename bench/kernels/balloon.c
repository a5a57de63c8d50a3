/* SPDX-License-Identifier: MIT
 *
 * balloon.c -- one big job, then nothing much: a service that once built a report of 160 MiB, freed it and
 * waits for the next day.
 *
 * The second argument is the number of threads that do the job. Records, strings and a few big buffers; all
 * is freed in another order. After it the main thread goes on a little with small things. What is resident
 * some seconds later is measured by the runner (BENCH_IDLE_S).
 */
#include <string.h>

#include "threads.h"

#define JOB_BYTES ((size_t)160 << 20)

struct job {
    size_t bytes;
    uint64_t seed, sum;
};

struct item {
    struct item *next;
    unsigned char *text;
    size_t size;
};

static struct item *build(struct job *job)
{
    struct item *first = NULL;
    size_t done = 0;

    while (done < job->bytes) {
        struct item *item = need(malloc(sizeof *item));

        item->size =
            rng_below(&job->seed, 2000) == 0 ? rng_size(&job->seed, 18, 21) : rng_size(&job->seed, 5, 11);
        item->text = kernel_take(item->size, (unsigned char)item->size);
        memset(item->text, (int)(item->size & 0xff), item->size);
        item->next = first;
        first = item;
        done += item->size;
    }
    return first;
}

static void *work(void *argument)
{
    struct job *job = argument;
    struct item *item = build(job), *rest = NULL;

    /* The report is written: every other item goes now, the rest when it is sent. */
    for (size_t n = 0; item != NULL; n++) {
        struct item *next = item->next;

        if (n % 2 == 0) {
            item->next = rest;
            rest = item;
        } else {
            job->sum += kernel_drop(item->text, item->size);
            free(item);
        }
        item = next;
    }
    while (rest != NULL) {
        item = rest->next;
        job->sum += kernel_drop(rest->text, rest->size);
        free(rest);
        rest = item;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct job jobs[MAX_THREADS];
    size_t nthreads = kernel_threads(argc, argv, 2, 1);
    uint64_t seed = 53, sum = 0;

    for (size_t t = 0; t < nthreads; t++)
        jobs[t] = (struct job){kernel_work(argc, argv, JOB_BYTES) / nthreads, t + 59, 0};
    kernel_run_plain(nthreads, work, jobs, sizeof *jobs);
    for (size_t t = 0; t < nthreads; t++)
        sum += jobs[t].sum;
    for (size_t i = 0; i < 1000; i++) {
        size_t size = rng_size(&seed, 4, 8);

        sum += kernel_drop(kernel_take(size, (unsigned char)i), size);
    }
    return kernel_done(sum);
}

/* SPDX-License-Identifier: MIT
 *
 * sink.c -- 16 threads that only allocate and one that only frees: what they replace in their tables goes to
 * a reclaiming thread, as in databases and runtimes that destroy out of line.
 *
 * Each thread holds 2 MiB; the peak shows how much of what the reclaimer freed stays behind instead of
 * serving the threads that allocate.
 */
#include "threads.h"

#define NPRODUCERS 16
#define NSLOTS 9600 /* of 224 bytes in the mean */

struct producer {
    unsigned char *block[NSLOTS];
    size_t size[NSLOTS];
    size_t nbatches, live_bytes;
    uint64_t seed;
};

static struct queue queue;

static void replace(struct producer *p, size_t at, unsigned char mark)
{
    p->size[at] = 64 + rng_below(&p->seed, 320);
    p->block[at] = kernel_take(p->size[at], mark);
    p->live_bytes += p->size[at];
}

static void *produce(void *argument)
{
    struct producer *p = argument;

    for (size_t at = 0; at < NSLOTS; at++)
        replace(p, at, (unsigned char)at);
    for (size_t n = 0; n < p->nbatches; n++) {
        struct batch *batch = need(malloc(sizeof *batch));

        for (size_t i = 0; i < NBATCH; i++) {
            size_t at = rng_below(&p->seed, NSLOTS);

            batch->block[i] = p->block[at];
            batch->size[i] = p->size[at];
            p->live_bytes -= p->size[at];
            replace(p, at, (unsigned char)i);
        }
        queue_put(&queue, batch);
    }
    queue_leave(&queue);
    return NULL;
}

static void *reclaim(void *sum)
{
    struct batch *batch;

    while ((batch = queue_take(&queue)) != NULL)
        *(uint64_t *)sum += batch_drop(batch);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct producer producers[NPRODUCERS];
    size_t live_bytes = 0;
    uint64_t sum = 0;
    pthread_t reclaimer;

    for (size_t t = 0; t < NPRODUCERS; t++) {
        producers[t].seed = t + 37;
        producers[t].nbatches = kernel_work(argc, argv, 20000) / NPRODUCERS;
    }
    queue_open(&queue, NPRODUCERS);
    kernel_start(&reclaimer, reclaim, &sum);
    kernel_run(NPRODUCERS, produce, producers, sizeof *producers);
    pthread_join(reclaimer, NULL);
    for (size_t t = 0; t < NPRODUCERS; t++) {
        live_bytes += producers[t].live_bytes;
        for (size_t at = 0; at < NSLOTS; at++)
            sum += kernel_drop(producers[t].block[at], producers[t].size[at]);
    }
    kernel_live(live_bytes + sizeof producers);
    return kernel_done(sum);
}

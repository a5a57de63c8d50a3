/* SPDX-License-Identifier: MIT
 *
 * fan.c -- several threads make messages, others take them apart and free them: parsers that feed workers,
 * workers that feed one writer of a log.
 *
 * The second argument is N:M, producers and consumers. A message is a batch of blocks with a header of its
 * own; the work is shared equally, so its sum does not depend on who got which message.
 */
#include "threads.h"

struct end {
    size_t nbatches;
    uint64_t seed, sum;
};

static struct queue queue;

static void *produce(void *argument)
{
    struct end *end = argument;

    for (size_t n = 0; n < end->nbatches; n++) {
        struct batch *batch = need(malloc(sizeof *batch));

        for (size_t i = 0; i < NBATCH; i++) {
            batch->size[i] = rng_size(&end->seed, 4, 10);
            batch->block[i] = kernel_take(batch->size[i], (unsigned char)(n + i));
        }
        queue_put(&queue, batch);
    }
    queue_leave(&queue);
    return NULL;
}

static void *consume(void *argument)
{
    struct end *end = argument;
    struct batch *batch;

    while ((batch = queue_take(&queue)) != NULL)
        end->sum += batch_drop(batch);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct end ends[2][MAX_THREADS];
    pthread_t threads[2][MAX_THREADS];
    char *colon = NULL;
    size_t nthreads[2] = {4, 4};
    uint64_t sum = 0;

    if (argc > 2) {
        nthreads[0] = strtoul(argv[2], &colon, 10);
        nthreads[1] = *colon == ':' ? strtoul(colon + 1, NULL, 10) : 0;
    }
    if (nthreads[0] - 1 >= MAX_THREADS || nthreads[1] - 1 >= MAX_THREADS)
        return 2;
    queue_open(&queue, nthreads[0]);
    for (size_t side = 0; side < 2; side++) {
        for (size_t t = 0; t < nthreads[side]; t++) {
            ends[side][t].seed = t + 31;
            ends[side][t].nbatches = kernel_work(argc, argv, 80000) / nthreads[0];
            kernel_start(&threads[side][t], side == 0 ? produce : consume, &ends[side][t]);
        }
    }
    for (size_t side = 0; side < 2; side++) {
        for (size_t t = 0; t < nthreads[side]; t++) {
            pthread_join(threads[side][t], NULL);
            sum += ends[side][t].sum;
        }
    }
    return kernel_done(sum);
}

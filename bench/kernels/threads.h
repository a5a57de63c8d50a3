/* SPDX-License-Identifier: MIT
 *
 * threads.h -- what kernels of several threads need: how many, start all, wait for all; and a bounded queue
 * of batches between them.
 */
#ifndef THREADS_H
#define THREADS_H

#include <pthread.h>

#include "kernel.h"

#define MAX_THREADS 32
#define NBATCH 64
#define NQUEUE 32

/* The number of threads, the argument at this place, or what is usual. */
static inline size_t kernel_threads(int argc, char **argv, int at, size_t usual)
{
    size_t nthreads = argc > at ? strtoul(argv[at], NULL, 10) : usual;

    return nthreads < 1 ? 1 : nthreads > MAX_THREADS ? MAX_THREADS : nthreads;
}

static inline void kernel_start(pthread_t *thread, void *(*work)(void *), void *argument)
{
    if (pthread_create(thread, NULL, work, argument) != 0) {
        fputs("kernel: cannot start a thread\n", stderr);
        exit(1);
    }
}

/* Runs work on every element of an array, a thread each, and returns when all have ended. */
static inline void kernel_run(size_t nthreads, void *(*work)(void *), void *first, size_t stride)
{
    pthread_t threads[MAX_THREADS];

    for (size_t t = 0; t < nthreads; t++)
        kernel_start(&threads[t], work, (char *)first + t * stride);
    for (size_t t = 0; t < nthreads; t++)
        pthread_join(threads[t], NULL);
}

/* The same; a single worker is run by the calling thread, so that the process stays one of one thread. */
static inline void kernel_run_plain(size_t nthreads, void *(*work)(void *), void *first, size_t stride)
{
    if (nthreads > 1)
        kernel_run(nthreads, work, first, stride);
    else
        work(first);
}

/* Blocks travel in batches, so that the queue's own lock is not what is measured. */
struct batch {
    unsigned char *block[NBATCH];
    size_t size[NBATCH];
};

struct queue {
    struct batch *batch[NQUEUE];
    size_t nput, ntaken, nsenders; /* the queue is closed when no sender is left */
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static inline void queue_open(struct queue *queue, size_t nsenders)
{
    queue->nput = queue->ntaken = 0;
    queue->nsenders = nsenders;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
}

static inline void queue_put(struct queue *queue, struct batch *batch)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->nput - queue->ntaken == NQUEUE)
        pthread_cond_wait(&queue->changed, &queue->lock);
    queue->batch[queue->nput++ % NQUEUE] = batch;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

static inline void queue_leave(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->nsenders--;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

/* The oldest batch; NULL when the queue is empty and closed. */
static inline struct batch *queue_take(struct queue *queue)
{
    struct batch *batch = NULL;

    pthread_mutex_lock(&queue->lock);
    while (queue->nput == queue->ntaken && queue->nsenders > 0)
        pthread_cond_wait(&queue->changed, &queue->lock);
    if (queue->nput != queue->ntaken)
        batch = queue->batch[queue->ntaken++ % NQUEUE];
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

static inline uint64_t batch_drop(struct batch *batch)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < NBATCH; i++)
        sum += kernel_drop(batch->block[i], batch->size[i]);
    free(batch);
    return sum;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * pipe.c -- one thread allocates, another frees what it is sent: every free is of another thread's block.
 *
 * Blocks travel in batches of 64 through a short queue, so that the queue's own lock is not what is measured.
 */
#include <pthread.h>

#include "kernel.h"

#define NBATCH 64
#define NQUEUE 32

struct batch {
    unsigned char *block[NBATCH];
    size_t size[NBATCH];
};

static struct batch queue[NQUEUE];
static size_t nsent, nreceived, nbatches;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void step(size_t *counter)
{
    pthread_mutex_lock(&lock);
    (*counter)++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void *produce(void *argument)
{
    uint64_t seed = 7;

    (void)argument;
    for (size_t n = 0; n < nbatches; n++) {
        struct batch *batch = &queue[n % NQUEUE];

        pthread_mutex_lock(&lock);
        while (nsent - nreceived == NQUEUE)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        for (size_t i = 0; i < NBATCH; i++) {
            batch->size[i] = rng_size(&seed, 4, 10);
            batch->block[i] = kernel_take(batch->size[i], (unsigned char)(n + i));
        }
        step(&nsent);
    }
    return NULL;
}

static uint64_t consume(void)
{
    uint64_t sum = 0;

    for (size_t n = 0; n < nbatches; n++) {
        struct batch *batch = &queue[n % NQUEUE];

        pthread_mutex_lock(&lock);
        while (nsent == nreceived)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        for (size_t i = 0; i < NBATCH; i++)
            sum += kernel_drop(batch->block[i], batch->size[i]);
        step(&nreceived);
    }
    return sum;
}

int main(int argc, char **argv)
{
    pthread_t producer;
    uint64_t sum;

    nbatches = kernel_work(argc, argv, 100000);
    if (pthread_create(&producer, NULL, produce, NULL) != 0)
        return 1;
    sum = consume();
    pthread_join(producer, NULL);
    return kernel_done(sum);
}

/* SPDX-License-Identifier: MIT
 *
 * births.c -- threads that live shortly: a server that starts one for every request.
 *
 * A request allocates some hundred blocks, frees most of them and leaves a quarter as its answer, which the
 * thread that waited for it reads and frees. Two requests are under way at a time.
 */
#include "threads.h"

#define NBLOCKS 256
#define NAHEAD 2

struct request {
    unsigned char *block[NBLOCKS];
    size_t size[NBLOCKS];
    uint64_t seed, sum;
};

static void *serve(void *argument)
{
    struct request *r = argument;

    for (size_t i = 0; i < NBLOCKS; i++) {
        r->size[i] = rng_size(&r->seed, 4, 11);
        r->block[i] = kernel_take(r->size[i], (unsigned char)i);
    }
    for (size_t i = 0; i < NBLOCKS; i++) {
        if (i % 4 != 0)
            r->sum += kernel_drop(r->block[i], r->size[i]);
    }
    return NULL;
}

static uint64_t answer(struct request *r)
{
    uint64_t sum = r->sum;

    for (size_t i = 0; i < NBLOCKS; i += 4)
        sum += kernel_drop(r->block[i], r->size[i]);
    r->sum = 0;
    return sum;
}

int main(int argc, char **argv)
{
    static struct request requests[NAHEAD];
    pthread_t threads[NAHEAD];
    size_t nrequests = kernel_work(argc, argv, 8000);
    uint64_t sum = 0;

    for (size_t i = 0; i < nrequests + NAHEAD; i++) {
        struct request *r = &requests[i % NAHEAD];

        if (i >= NAHEAD) {
            pthread_join(threads[i % NAHEAD], NULL);
            sum += answer(r);
        }
        r->seed = i + 41;
        if (i < nrequests)
            kernel_start(&threads[i % NAHEAD], serve, r);
    }
    return kernel_done(sum);
}

/* SPDX-License-Identifier: MIT
 *
 * sharing.c -- false sharing: two threads write to small objects of their own; if two of these lie in one
 * cache line, the line goes to and fro between the processors.
 *
 * After E. Berger and others, Hoard: a scalable memory allocator for multithreaded applications (2000). The
 * second argument: "active", each thread allocates its own objects; "passive", the first object of each
 * comes from the main thread, which made them one after another, and is freed by the thread that got it.
 */
#include <string.h>

#include "threads.h"

#define NTHREADS 2
#define NOBJECTS 800 /* in each life of a thread */
#define NWRITES 3000
#define MIN_SIZE 8

struct writer {
    unsigned char *gift;
    size_t size;
    uint64_t sum;
    char apart[64]; /* the writers themselves must not share a line */
};

static uint64_t scribble(unsigned char *object)
{
    volatile unsigned char *byte = object;

    for (size_t i = 0; i < NWRITES; i++)
        byte[i % MIN_SIZE] = (unsigned char)(byte[i % MIN_SIZE] + i);
    return byte[0];
}

static void *write_all(void *argument)
{
    struct writer *w = argument;

    if (w->gift != NULL) {
        w->sum += scribble(w->gift);
        free(w->gift);
    }
    for (size_t i = 0; i < NOBJECTS; i++) {
        unsigned char *object = need(malloc(w->size));

        memset(object, 0, w->size);
        w->sum += scribble(object);
        free(object);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct writer writers[NTHREADS];
    int is_passive = argc > 2 && strcmp(argv[2], "passive") == 0;
    size_t nrounds = kernel_work(argc, argv, 300);
    uint64_t sum = 0;

    for (size_t round = 0; round < nrounds; round++) {
        for (size_t t = 0; t < NTHREADS; t++) {
            writers[t].size = MIN_SIZE * (1 + round % 4);
            writers[t].gift = is_passive ? need(calloc(1, writers[t].size)) : NULL;
        }
        kernel_run(NTHREADS, write_all, writers, sizeof *writers);
    }
    for (size_t t = 0; t < NTHREADS; t++)
        sum += writers[t].sum;
    return kernel_done(sum);
}

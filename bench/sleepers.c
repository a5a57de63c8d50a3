/* SPDX-License-Identifier: MIT
 *
 * sleepers.c -- many threads that have used malloc and now sleep: what does each of them keep resident?
 *
 *   sleepers THREADS idle|hold|once
 *
 * idle: never allocated. hold: holds 16 KiB in blocks of many sizes. once: allocated and freed 64 KiB of
 * them, holds nothing. Prints the growth of resident memory (by a walk of the pages) from before the
 * threads to when all sleep, and the time to make, run and end them, as JSON. Started by bench/threads.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HELD_BYTES (16u << 10)
#define PASSED_BYTES (64u << 10)
#define MAX_BLOCKS 1024
#define STACK_BYTES (128u << 10)

enum work { IDLE, HOLD, ONCE };

struct held {
    void *block[MAX_BLOCKS];
    size_t nblocks;
};

static enum work work;
static pthread_barrier_t all_asleep, may_end;

static int take_up_to(struct held *held, size_t limit_bytes)
{
    size_t used = 0;

    for (size_t size = 16; used + size <= limit_bytes && held->nblocks < MAX_BLOCKS;
         size = size % 1000 + 40) {
        void *block = malloc(size);

        if (block == NULL)
            return 0;
        memset(block, 1, size);
        held->block[held->nblocks++] = block;
        used += size;
    }
    return 1;
}

static void drop_all(struct held *held)
{
    while (held->nblocks > 0)
        free(held->block[--held->nblocks]);
}

static void *sleeper(void *argument)
{
    struct held *held = argument; /* not on the stack: its pages are not what is measured */
    int is_done = 1;

    if (work == HOLD)
        is_done = take_up_to(held, HELD_BYTES);
    if (work == ONCE) {
        is_done = take_up_to(held, PASSED_BYTES);
        drop_all(held);
    }
    pthread_barrier_wait(&all_asleep);
    pthread_barrier_wait(&may_end);
    drop_all(held);
    return is_done ? held : NULL;
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long kib = 0;

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Rss:", 4) == 0)
            kib = strtol(line + 4, NULL, 10);
    }
    fclose(file);
    return kib;
}

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int start_all(pthread_t *threads, struct held *helds, size_t nthreads)
{
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (size_t i = 0; i < nthreads; i++) {
        if (pthread_create(&threads[i], &attributes, sleeper, &helds[i]) != 0)
            return 0;
    }
    pthread_attr_destroy(&attributes);
    return 1;
}

int main(int argc, char **argv)
{
    size_t nthreads = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    pthread_t *threads = calloc(nthreads, sizeof *threads);
    struct held *helds = calloc(nthreads, sizeof *helds);
    long before_kib, asleep_kib, failed = 0;
    double begin_us;

    if (argc != 3 || nthreads == 0 || threads == NULL || helds == NULL)
        return 2;
    work = strcmp(argv[2], "hold") == 0 ? HOLD : strcmp(argv[2], "once") == 0 ? ONCE : IDLE;
    memset(helds, 1, nthreads * sizeof *helds); /* resident before the count begins */
    memset(helds, 0, nthreads * sizeof *helds);
    memset(threads, 0, nthreads * sizeof *threads);
    pthread_barrier_init(&all_asleep, NULL, (unsigned)nthreads + 1);
    pthread_barrier_init(&may_end, NULL, (unsigned)nthreads + 1);
    before_kib = resident_kib();
    begin_us = now_us();
    if (!start_all(threads, helds, nthreads))
        return 1;
    pthread_barrier_wait(&all_asleep);
    asleep_kib = resident_kib();
    pthread_barrier_wait(&may_end);
    for (size_t i = 0; i < nthreads; i++) {
        void *result;

        pthread_join(threads[i], &result);
        failed += result == NULL;
    }
    printf("{\"resident_kib\": %.2f, \"time_us\": %.2f}\n",
           (double)(asleep_kib - before_kib) / (double)nthreads, (now_us() - begin_us) / (double)nthreads);
    return failed != 0;
}

/* SPDX-License-Identifier: MIT
 *
 * soak.c -- a server for as long as one likes: does its memory grow?
 *
 *   soak SECONDS      run it with the allocator preloaded; `make soak` does
 *
 * Four workers serve requests: short-lived blocks of many sizes, sessions that live for a while in a
 * table, cache entries that replace one another, buffers that grow by realloc, and answers that another
 * thread frees. Traffic swings between a tenth and full; a worker ends after some time and another takes
 * its place. What is live stays the same on average, so resident memory must too: after the first fifth as
 * warm-up, the mean of the second half may exceed that of the first by DRIFT_PERCENT. acre_verify() looks
 * every minute. Exit status 0 when both hold.
 */
#include <acre/acre.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    WORKERS = 4,
    SESSIONS = 20000,
    ENTRIES = 20000,
    QUEUE = 4096,
    GENERATION_SECONDS = 20,
    SWING_SECONDS = 10
};
#define DRIFT_PERCENT 1.0

static void *sessions[WORKERS][SESSIONS];
static void *entries[WORKERS][ENTRIES];
static void *queue[QUEUE]; /* answers on their way to another thread */
static time_t start;
static time_t end;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void *filled(size_t size)
{
    char *block = malloc(size);
    if (block == NULL)
        abort();
    memset(block, 1, size < 256 ? size : 256);
    return block;
}

static size_t some_size(uint64_t random)
{
    return 16 + (random >> 8) % ((size_t)32 << random % 8);
}

static void replace(void **place, size_t size)
{
    free(*place);
    *place = filled(size);
}

/* What is live is the same from the beginning. */
static void fill_tables(void)
{
    uint64_t state = 1;
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        for (unsigned i = 0; i < SESSIONS; i++)
            replace(&sessions[worker][i], 200 + next_random(&state) % 800);
        for (unsigned i = 0; i < ENTRIES; i++)
            replace(&entries[worker][i], some_size(next_random(&state)));
    }
    for (unsigned i = 0; i < QUEUE; i++)
        queue[i] = filled(next_random(&state) % 50 == 0 ? 300000 : 2000);
}

static void serve(unsigned worker, uint64_t *state)
{
    void *parts[30];
    for (unsigned i = 0; i < 30; i++)
        parts[i] = filled(some_size(next_random(state)));
    char *buffer = filled(100);
    for (size_t size = 200; size < 1000 + next_random(state) % 60000; size *= 2)
        buffer = realloc(buffer, size);
    replace(&sessions[worker][next_random(state) % SESSIONS], 200 + next_random(state) % 800);
    replace(&entries[worker][next_random(state) % ENTRIES], some_size(next_random(state)));
    void *answer = filled(next_random(state) % 50 == 0 ? 300000 : 2000);
    free(__atomic_exchange_n(&queue[next_random(state) % QUEUE], answer, __ATOMIC_ACQ_REL));
    for (unsigned i = 0; i < 30; i++)
        free(parts[i]);
    free(buffer);
}

/* In a trough a worker rests nine tenths of the time. */
static void rest(void)
{
    struct timespec pause = {0, 9000000};
    if ((time(NULL) - start) / SWING_SECONDS % 2 != 0)
        nanosleep(&pause, NULL);
}

static void *work(void *arg)
{
    unsigned worker = *(unsigned *)arg;
    uint64_t state = (uint64_t)time(NULL) * 2654435761u + worker + 1;
    time_t last = time(NULL) + GENERATION_SECONDS;
    while (time(NULL) < last && time(NULL) < end) {
        for (unsigned i = 0; i < 300; i++)
            serve(worker, &state);
        rest();
    }
    return NULL;
}

static void *succeed(void *arg)
{
    while (time(NULL) < end) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, arg) != 0)
            abort();
        pthread_join(thread, NULL);
    }
    return NULL;
}

static double resident_mib(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1)
        abort();
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static size_t verify(void)
{
    struct acre_breach first = {0};
    size_t nbreaches = acre_verify(&first, 1);
    if (nbreaches != 0)
        printf("soak: %s: %s is %llu, expected %llu\n", first.invariant, first.what, first.found,
               first.expected);
    return nbreaches;
}

/* Means over whole swings, so that a peak is not compared with a trough. */
static int watch(time_t seconds)
{
    double sums[2] = {0, 0};
    unsigned counts[2] = {0, 0};
    time_t swing = 2 * SWING_SECONDS;
    time_t warm = (seconds / 5 + swing - 1) / swing * swing;
    time_t half = (seconds - warm) / 2 / swing * swing;
    size_t nbreaches = 0;
    for (time_t now = time(NULL); now < end; now = time(NULL)) {
        time_t at = now - start - warm;
        if (at >= 0 && at < 2 * half) {
            sums[at >= half] += resident_mib();
            counts[at >= half]++;
        }
        if ((now - start) % 60 == 0) {
            printf("soak: after %ld s %.1f MiB\n", (long)(now - start), resident_mib());
            fflush(stdout);
            nbreaches += verify();
        }
        sleep(1);
    }
    if (counts[0] == 0 || counts[1] == 0) {
        printf("soak: too short to tell: 200 seconds at least\n");
        return 2;
    }
    double first = sums[0] / counts[0];
    double second = sums[1] / counts[1];
    double drift = (second - first) / first * 100;
    printf("soak: %.2f MiB, then %.2f MiB resident on average over %ld s each: drift %.2f %%, %zu breaches\n",
           first, second, (long)half, drift, nbreaches);
    return drift < DRIFT_PERCENT && nbreaches == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    pthread_t threads[WORKERS];
    unsigned numbers[WORKERS];
    time_t seconds = argc > 1 ? atol(argv[1]) : 3600;
    start = time(NULL);
    end = start + seconds;
    fill_tables();
    for (unsigned i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, succeed, &numbers[i]) != 0)
            abort();
    }
    int result = watch(seconds);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    return result;
}

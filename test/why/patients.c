/* SPDX-License-Identifier: MIT
 *
 * patients.c -- programs with what `acre doctor` looks for, which come to rest with the line `ready`:
 *
 *   remote    one thread frees what another allocates, 1.2 million blocks
 *   idle      threads keep blocks in their caches and do nothing
 *   growing   its blocks become more and more
 *   huge      blocks that leave a third of each huge page unused
 *   healthy   some blocks
 *
 * What the doctor calls idle or growing takes a minute. So idle and growing go on for some seconds and
 * then set back the times in their own state segment.
 */
#include "core/state.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, SECOND_NS = 1000000000, LONG_AGO_SECONDS = 100, STRETCH = 40 };

static const struct timespec pause_time = {.tv_nsec = 10000000};

static struct ac_state *find_state(void)
{
    char line[512];
    unsigned long at = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && at == 0 && fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, AC_STATE_NAME) != NULL)
            at = strtoul(line, NULL, 16);
    }
    if (maps == NULL || at == 0)
        abort();
    fclose(maps);
    return (struct ac_state *)at;
}

static void *find_rows(struct ac_state *s, enum ac_state_section_id id)
{
    for (unsigned i = 0; i < s->nsections; i++) {
        if (s->sections[i].id == (uint32_t)id)
            return (char *)s + s->sections[i].offset_bytes;
    }
    abort();
}

static void *touched(size_t bytes)
{
    void *block = malloc(bytes);
    if (block == NULL)
        abort();
    return memset(block, 1, bytes);
}

static void fill(size_t bytes, size_t each)
{
    for (size_t i = 0; i < bytes / each; i++)
        touched(each);
}

/* ---- frees by another thread ---- */

enum { ROUNDS = 12, BATCH = 100000 };

static void *batch[BATCH];
static pthread_barrier_t both;

static void *free_batches(void *unused)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&both);
        for (unsigned i = 0; i < BATCH; i++)
            free(batch[i]);
        pthread_barrier_wait(&both);
    }
    return unused;
}

static void free_remotely(void)
{
    pthread_t other;
    pthread_barrier_init(&both, NULL, 2);
    if (pthread_create(&other, NULL, free_batches, NULL) != 0)
        abort();
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < BATCH; i++)
            batch[i] = malloc(64);
        pthread_barrier_wait(&both);
        pthread_barrier_wait(&both);
    }
    pthread_join(other, NULL);
}

/* ---- idle threads ---- */

enum { EACH = 500, IDLERS = 4 };

/* A size after the other, and all again when the heap no longer grows: growth empties caches. */
static void *fill_caches(void *unused)
{
    void *blocks[EACH];
    for (unsigned pass = 0; pass < 4; pass++) {
        for (size_t size = 512; size <= 8192; size += 320)
            for (unsigned round = 0; round < 12; round++) {
                for (unsigned i = 0; i < EACH; i++)
                    blocks[i] = malloc(size);
                for (unsigned i = 0; i < EACH; i++)
                    free(blocks[i]);
            }
    }
    pthread_barrier_wait(&both);
    for (;;)
        pause();
    return unused;
}

static void leave_idle(void)
{
    pthread_t other;
    pthread_barrier_init(&both, NULL, IDLERS + 1);
    for (unsigned i = 0; i < IDLERS; i++) {
        if (pthread_create(&other, NULL, fill_caches, NULL) != 0)
            abort();
    }
    pthread_barrier_wait(&both);
    struct ac_state *s = find_state();
    struct ac_state_thread *rows = find_rows(s, AC_STATE_THREADS);
    while (__atomic_load_n(&s->moments[0], __ATOMIC_ACQUIRE) < 2) { /* whose makers look at all threads */
        free(malloc(MIB / 2));
        nanosleep(&pause_time, NULL);
    }
    for (unsigned i = 0; i < s->nthreads; i++)
        rows[i].seen_ns = s->tick_ns - (uint64_t)LONG_AGO_SECONDS * SECOND_NS;
}

/* ---- growth ---- */

static void grow(void)
{
    struct ac_state *s = find_state();
    struct ac_state_moment *rows = find_rows(s, AC_STATE_SECONDS);
    while (__atomic_load_n(&s->moments[0], __ATOMIC_ACQUIRE) < 3) {
        fill(MIB / 4, 200);
        nanosleep(&pause_time, NULL);
    }
    uint64_t last = rows[2].time_ns;
    for (unsigned i = 0; i < 2; i++)
        rows[i].time_ns = last - (last - rows[i].time_ns) * STRETCH;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    fill(8 * MIB, 200);
    if (strcmp(what, "remote") == 0)
        free_remotely();
    else if (strcmp(what, "idle") == 0) {
        fill(32 * MIB, 200);
        leave_idle();
    } else if (strcmp(what, "growing") == 0)
        grow();
    else if (strcmp(what, "huge") == 0)
        fill(128 * MIB, 700 * 1024);
    else if (strcmp(what, "healthy") != 0)
        return 2;
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}

/* SPDX-License-Identifier: MIT
 *
 * counting.c -- counts for bench/contention what counting/lock.h hands to it; at the end of the process all
 * of it goes as JSON to the file that COUNTING_OUT names.
 */
#include "os/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#undef ac_lock
#undef ac_unlock

#define MAX_HELD 8

struct held {
    struct ac_lock *lock;
    struct counting_site *site;
    uint64_t since;
};

extern struct counting_site __start_counting_sites[], __stop_counting_sites[];
static _Thread_local struct held held[MAX_HELD];
static uint64_t first_tick, first_ns;

void counting_take(struct counting_site *site, struct ac_lock *lock, uint32_t me)
{
    uint64_t begin = __builtin_ia32_rdtsc();
    if (!ac_lock_try(lock, me)) {
        ac_lock_wait(lock, me);
        __atomic_fetch_add(&site->waited, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&site->waiting_ticks, __builtin_ia32_rdtsc() - begin, __ATOMIC_RELAXED);
    }
    for (unsigned i = 0; i < MAX_HELD; i++) {
        if (held[i].lock == NULL) {
            held[i] = (struct held){lock, site, __builtin_ia32_rdtsc()};
            return;
        }
    }
}

static void count(struct counting_site *site, uint64_t ticks)
{
    unsigned bucket = ticks == 0 ? 0 : 63u - (unsigned)__builtin_clzll(ticks);
    if (bucket >= COUNTING_BUCKETS)
        bucket = COUNTING_BUCKETS - 1;
    __atomic_fetch_add(&site->taken, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&site->held_ticks, ticks, __ATOMIC_RELAXED);
    __atomic_fetch_add(&site->held[bucket], 1, __ATOMIC_RELAXED);
}

/* A lock taken by ac_lock_try (signal handlers) is in no slot and not counted. */
void counting_release(struct ac_lock *lock)
{
    uint64_t now = __builtin_ia32_rdtsc();
    ac_unlock(lock);
    for (unsigned i = 0; i < MAX_HELD; i++) {
        if (held[i].lock == lock) {
            held[i].lock = NULL;
            count(held[i].site, now - held[i].since);
            return;
        }
    }
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((constructor)) static void counting_begin(void)
{
    first_ns = now_ns(CLOCK_MONOTONIC);
    first_tick = __builtin_ia32_rdtsc();
}

static void write_site(FILE *file, const struct counting_site *site, const char *separator)
{
    fprintf(file, "%s{\"expression\": \"%s\", \"file\": \"%s\", \"taken\": %lu, \"waited\": %lu,", separator,
            site->expression, site->file, site->taken, site->waited);
    fprintf(file, " \"held_ticks\": %lu, \"waiting_ticks\": %lu, \"held\": [", site->held_ticks,
            site->waiting_ticks);
    for (unsigned i = 0; i < COUNTING_BUCKETS; i++)
        fprintf(file, "%s%lu", i == 0 ? "" : ", ", site->held[i]);
    fputs("]}\n", file);
}

__attribute__((destructor)) static void counting_end(void)
{
    const char *path = getenv("COUNTING_OUT");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL)
        return;
    double ns = (double)(now_ns(CLOCK_MONOTONIC) - first_ns);
    fprintf(file, "{\"cpu_ns\": %lu, \"ns_per_tick\": %.9f, \"sites\": [\n", now_ns(CLOCK_PROCESS_CPUTIME_ID),
            ns / (double)(__builtin_ia32_rdtsc() - first_tick));
    const char *separator = "";
    for (const struct counting_site *site = __start_counting_sites; site < __stop_counting_sites; site++) {
        if (site->taken != 0) {
            write_site(file, site, separator);
            separator = ", ";
        }
    }
    fputs("]}\n", file);
    fclose(file);
}

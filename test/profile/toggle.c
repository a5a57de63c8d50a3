/* SPDX-License-Identifier: MIT
 *
 * toggle.c -- starts and stops the profiler TOGGLES times under threads that allocate, free for each other,
 * come and go, with a signal now and then whose handler allocates. Nothing may be lost of the heap
 * (acre_verify), and in a run that is on from before the first block to behind the last, nothing of the
 * profile either.
 */
#include <acre/acre.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "rows.h"

enum { TOGGLES = 300, THREADS = 3, PLACES = 256, DUMP_EVERY = 25 };

static _Atomic(void *) places[PLACES];
static atomic_bool done;
static atomic_uint turns;

static void on_signal(int number)
{
    (void)number;
    void *a = acre_malloc(300);
    void *b = acre_malloc(50000);
    acre_free(a);
    acre_free(b);
}

static unsigned next(unsigned *seed)
{
    return *seed = *seed * 1103515245 + 12345;
}

static void *work(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0; i < 20000 && !atomic_load(&done); i++) {
        unsigned r = next(&seed) >> 8;
        size_t size = r % 200 == 0 ? 40000 + r % 2000000 : r % 1500;
        void *block = acre_malloc(size);
        CHECK(block != NULL);
        memset(block, 1, size < 64 ? size : 64);
        if (r % 7 == 0)
            block = acre_realloc(block, size / 2 + 1);
        acre_free(atomic_exchange(&places[r % PLACES], block));
    }
    atomic_fetch_add(&turns, 1);
    return NULL;
}

/* Threads that begin anew when they have ended. */
static void *spawn(void *arg)
{
    pthread_t thread;
    while (!atomic_load(&done)) {
        CHECK_EQ(pthread_create(&thread, NULL, work, arg), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    return NULL;
}

static void empty(void)
{
    for (unsigned i = 0; i < PLACES; i++)
        acre_free(atomic_exchange(&places[i], NULL));
}

static void toggle(const char *path)
{
    for (unsigned i = 0; i < TOGGLES; i++) {
        CHECK_EQ(acre_prof_start(1024u << i % 8), 0);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        if (i % DUMP_EVERY == 0)
            CHECK_EQ(acre_prof_dump(path), 0);
        CHECK_EQ(acre_prof_stop(), 0);
        if (i % DUMP_EVERY == 0)
            CHECK_EQ(acre_verify(NULL, 0), 0);
    }
}

int main(void)
{
    pthread_t spawners[THREADS];
    const struct itimerval often = {{0, 500}, {0, 500}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    signal(SIGPROF, on_signal);
    acre_free(acre_malloc(1));
    rows_find();
    for (unsigned whole = 0; whole < 2; whole++) {
        atomic_store(&done, false);
        if (whole)
            CHECK_EQ(acre_prof_start(4096), 0);
        for (uintptr_t i = 0; i < THREADS; i++)
            CHECK_EQ(pthread_create(&spawners[i], NULL, spawn, (void *)(i + 1)), 0);
        CHECK_EQ(setitimer(ITIMER_PROF, &often, NULL), 0);
        if (whole) {
            while (atomic_load(&turns) < 6)
                nanosleep(&(struct timespec){0, 1000000}, NULL);
        } else {
            toggle("profile.toggle.heap");
        }
        CHECK_EQ(setitimer(ITIMER_PROF, &never, NULL), 0);
        atomic_store(&done, true);
        for (unsigned i = 0; i < THREADS; i++)
            CHECK_EQ(pthread_join(spawners[i], NULL), 0);
        empty();
        atomic_store(&turns, 0);
        CHECK_EQ(acre_verify(NULL, 0), 0);
    }
    acre_free(acre_malloc(100)); /* takes back what a handler left */
    for (unsigned i = 0; i < 100; i++)
        acre_free(acre_malloc(40000));
    CHECK(rows_profile()->taken > 100);
    rows_check_all_freed();
    CHECK_EQ(acre_prof_stop(), 0);
    unlink("profile.toggle.heap");
    return 0;
}

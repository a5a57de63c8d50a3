/* SPDX-License-Identifier: MIT
 *
 * frees.c -- a sampled block is found by whoever frees it, and however: afterwards all that lives is exactly
 * 0, and acre_verify finds nothing. At first every block of 20 KiB is sampled, and one in 40 of 100 bytes.
 */
#include <acre/acre.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "rows.h"

enum { BLOCKS = 4000, RATE_BYTES = 4096, THREADS = 4, MORE = 1000 };

static void *blocks[BLOCKS];
static unsigned pass;

static size_t size_of(unsigned i)
{
    static const size_t sizes[] = {1, 24, 100, 500, 1500, 5000, 20000, 33000, 150000, 1500000};
    return sizes[(i + i / 100 + pass) % (i % 100 == 0 ? 10 : i % 10 == 0 ? 7 : 5)];
}

static void fill(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = i % 3 == 0 ? acre_calloc(1, size_of(i)) : acre_malloc(size_of(i));
        CHECK(blocks[i] != NULL);
    }
}

static void free_all(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        acre_free(blocks[i]);
}

static void free_backwards(void)
{
    for (unsigned i = BLOCKS; i-- != 0;)
        acre_free(blocks[i]);
}

static void free_sized(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        acre_free_sized(blocks[i], size_of(i));
}

static void free_by_realloc(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        CHECK(acre_realloc(blocks[i], 0) == NULL);
}

/* Where it is, longer, shorter, from one kind of block to another. */
static void resize_and_free(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = acre_realloc(blocks[i], size_of(i) + 3);
        blocks[i] = acre_realloc(blocks[i], size_of(i) / 2 + 1);
        if (i % 50 == 0) {
            blocks[i] = acre_realloc(blocks[i], 3000000);
            blocks[i] = acre_realloc(blocks[i], 4500000);
            blocks[i] = acre_realloc(blocks[i], 40000);
            blocks[i] = acre_realloc(blocks[i], 90000);
        }
    }
    free_all();
}

static void *run_in_thread(void *arg)
{
    ((void (*)(void))arg)();
    return NULL;
}

static void in_thread(void (*fn)(void))
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, run_in_thread, (void *)fn), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void free_in_thread(void)
{
    in_thread(free_all);
}

/* Made by a thread that has ended. */
static void free_orphans(void)
{
    free_all();
    in_thread(fill);
    free_all();
}

/* Freed by destructors that run after the thread's cache is gone. */
static pthread_key_t key;

static void in_destructor(void *round)
{
    if ((uintptr_t)round < PTHREAD_DESTRUCTOR_ITERATIONS)
        pthread_setspecific(key, (char *)round + 1);
    else
        free_all();
}

static void set_key(void)
{
    acre_free(acre_malloc(8));
    pthread_setspecific(key, (void *)1);
}

static void free_past_the_end(void)
{
    CHECK_EQ(pthread_key_create(&key, in_destructor), 0);
    in_thread(set_key);
    pthread_key_delete(key);
}

static void on_signal(int number)
{
    (void)number;
    free_all();
}

static void free_in_handler(void)
{
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
}

/* Some threads at once, each with a part. */
static void *free_part(void *arg)
{
    for (unsigned i = (unsigned)(uintptr_t)arg; i < BLOCKS; i += THREADS) {
        acre_free(blocks[i]);
        for (unsigned n = 0; n < 3; n++)
            acre_free(acre_malloc(size_of(i + n)));
    }
    return NULL;
}

static void free_in_parts(void)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, free_part, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

/* The child's profile is its own, and begins empty; the parent's does not change. */
static void free_in_child(void)
{
    struct ac_state_profile before = *rows_profile();
    pid_t child = fork();
    if (child == 0) {
        const struct ac_state_profile *p = rows_profile();
        acre_free(acre_malloc(5000000)); /* the segment is the child's own from the first slow path on */
        for (unsigned i = 0; i < MORE && p->taken == 0; i++)
            acre_free(acre_malloc(500000));
        CHECK_EQ(p->state, AC_STATE_PROFILE_ON);
        CHECK_EQ(p->runs, 1);
        CHECK(p->taken > 0 && p->taken < MORE);
        CHECK(p->before_objects[0] != 0);
        uint64_t small = 0;
        for (unsigned c = 1; c < AC_STATE_MAX_CLASSES; c++)
            small += p->before_objects[c];
        CHECK(small > BLOCKS / 2 && small <= BLOCKS + 100);
        CHECK_EQ(p->live_bytes, 0);
        free_all();
        rows_check_all_freed();
        CHECK_EQ(acre_verify(NULL, 0), 0);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(rows_profile()->taken, before.taken);
    CHECK_EQ(rows_profile()->freed, before.freed);
    free_all();
}

static const struct {
    const char *name;
    void (*free)(void);
} ways[] = {{"in order", free_all},
            {"backwards", free_backwards},
            {"sized", free_sized},
            {"by realloc", free_by_realloc},
            {"resized", resize_and_free},
            {"another thread", free_in_thread},
            {"orphans", free_orphans},
            {"past the thread's end", free_past_the_end},
            {"in a handler", free_in_handler},
            {"in parts", free_in_parts},
            {"in a child", free_in_child}};

int main(void)
{
    acre_free(acre_malloc(1));
    rows_find();
    if (rows_profile()->state != AC_STATE_PROFILE_ON)
        CHECK_EQ(acre_prof_start(RATE_BYTES), 0);
    CHECK_EQ(acre_prof_start(RATE_BYTES), EALREADY);
    for (unsigned w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        for (pass = 0; pass < 4; pass++) {
            CHECK_CASE("%s", ways[w].name);
            fill();
            CHECK(rows_profile()->live_bytes != 0);
            CHECK_EQ(acre_verify(NULL, 0), 0);
            ways[w].free();
            CHECK_EQ(acre_verify(NULL, 0), 0);
            rows_check_all_freed();
            acre_trim(0);
            CHECK_EQ(acre_verify(NULL, 0), 0);
        }
    }
    CHECK(rows_profile()->taken > 1000);
    CHECK_EQ(acre_prof_stop(), 0);
    CHECK_EQ(acre_prof_stop(), EALREADY);
    return 0;
}

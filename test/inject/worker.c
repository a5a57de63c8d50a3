/* SPDX-License-Identifier: MIT
 *
 * worker.c -- a program whose system calls are refused from outside (inject.py): all kinds of blocks,
 * threads, a fork. It takes NULL for an answer, but only with ENOMEM and with the old block as it was, and
 * goes on. Once the system gives again everything must work: it ends with 0 only when its last round got
 * all it asked for.
 */
#include <acre/acre.h>

#include "support/check.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS = 48, STEPS = 400, NTHREADS = 3, ROUNDS = 3 };

static const size_t sizes[] = {16, 100, 700, 3000, 30000, 50000, 400000, 1500000, 5000000};

struct slot {
    unsigned char *start;
    size_t size;
};

static unsigned nrefused;

static void fill(struct slot *slot, unsigned char with)
{
    slot->start[0] = with;
    slot->start[slot->size / 2] = with;
    slot->start[slot->size - 1] = with;
}

static void verify(const struct slot *slot, unsigned char with)
{
    CHECK(slot->start[0] == with && slot->start[slot->size / 2] == with &&
          slot->start[slot->size - 1] == with);
}

static unsigned char *refused_or(unsigned char *start)
{
    if (start == NULL) {
        CHECK_ERRNO(ENOMEM);
        __atomic_fetch_add(&nrefused, 1, __ATOMIC_RELAXED);
    }
    return start;
}

static void step(struct slot *slot, unsigned char with, unsigned dice)
{
    size_t size = sizes[dice / 7 % (sizeof sizes / sizeof sizes[0])] + dice % 5;
    errno = 0;
    if (slot->start == NULL) {
        slot->size = size;
        slot->start = refused_or(dice % 3 == 0 ? calloc(1, size) : malloc(size));
        if (slot->start != NULL && dice % 3 == 0)
            CHECK(slot->start[size / 2] == 0);
    } else if (dice % 4 == 0) {
        unsigned char *start = refused_or(realloc(slot->start, size));
        if (start == NULL) {
            verify(slot, with);
            return;
        }
        slot->start = start;
        slot->size = size;
        CHECK(start[0] == with);
    } else {
        verify(slot, with);
        errno = 4711;
        free(slot->start);
        CHECK_ERRNO(4711);
        slot->start = NULL;
    }
    if (slot->start != NULL)
        fill(slot, with);
}

static void *work(void *arg)
{
    static struct slot all[NTHREADS + 1][SLOTS];
    unsigned dice = *(unsigned *)arg * 2654435761u + 1;
    struct slot *slots = all[*(unsigned *)arg];
    for (unsigned i = 0; i < STEPS; i++) {
        dice = dice * 1664525u + 1013904223u;
        unsigned k = (dice >> 8) % SLOTS;
        step(&slots[k], (unsigned char)(k + 1), dice >> 12);
    }
    for (unsigned k = 0; k < SLOTS; k++) {
        if (slots[k].start != NULL)
            verify(&slots[k], (unsigned char)(k + 1));
        free(slots[k].start);
        slots[k].start = NULL;
    }
    return NULL;
}

static void fork_once(void)
{
    unsigned number = NTHREADS;
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        work(&number);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQ(status, 0);
}

/* libc's pthread_create maps stacks itself, so its calls are not refused. */
static void do_round(void)
{
    pthread_t threads[NTHREADS];
    unsigned numbers[NTHREADS];
    for (unsigned i = 0; i < NTHREADS; i++) {
        numbers[i] = i;
        int error = pthread_create(&threads[i], NULL, work, &numbers[i]);
        if (error != 0) { /* its thread-local storage comes from calloc */
            CHECK(error == EAGAIN || error == ENOMEM);
            work(&numbers[i]);
            threads[i] = 0;
        }
    }
    for (unsigned i = 0; i < NTHREADS; i++)
        if (threads[i] != 0)
            pthread_join(threads[i], NULL);
    fork_once();
    (void)malloc_trim(0);
}

static void verify_heap(void)
{
    struct acre_breach first = {0};
    size_t nbreaches = acre_verify(&first, 1);
    if (nbreaches != 0)
        fprintf(stderr, "%s: %s at %p is %llu, expected %llu\n", first.invariant, first.what, first.address,
                first.found, first.expected);
    CHECK_EQ(nbreaches, 0);
}

/* argument: the system gives again in the last round */
int main(int argc, char **argv)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        __atomic_store_n(&nrefused, 0, __ATOMIC_RELAXED);
        do_round();
        verify_heap();
    }
    if (argc > 1 && strcmp(argv[1], "recovers") == 0)
        CHECK_EQ(nrefused, 0);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * known.c -- a program of which every MiB is known: what it holds, what it has freed and cannot return,
 * what it asked for and never touched, and what is not the heap's. MiB each, in the order of the parts.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

enum { SMALL = 16, FREED_EACH = 2, LARGE = 12, HUGE = 20, UNTOUCHED_SMALL = 8, UNTOUCHED_LARGE = 32 };
enum { STACK = 4, DIRECT = 6, SHARED = 5, FILE_MIB = 7 };

static void *keep[64];
static unsigned nkept;
static void **small;

static void *touched(void *block, size_t bytes)
{
    if (block == NULL || block == MAP_FAILED)
        abort();
    memset(block, 1, bytes);
    return keep[nkept++] = block;
}

/* Every second of them goes again: what is free between two neighbours cannot be given back. */
static void small_blocks(void)
{
    size_t n = 2 * SMALL * MIB / 64;
    small = touched(mmap(NULL, n * sizeof *small, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                    n * sizeof *small);
    for (size_t i = 0; i < n; i++)
        memset(small[i] = malloc(64), 1, 64);
    for (size_t i = 0; i < n; i += FREED_EACH)
        free(small[i]);
}

static void large_blocks(void)
{
    for (unsigned i = 0; i < LARGE; i++)
        touched(malloc(MIB / 2), MIB / 2);
    touched(malloc(HUGE * MIB), HUGE * MIB);
    keep[nkept++] = malloc(UNTOUCHED_LARGE * MIB);
    void **kept = malloc(UNTOUCHED_SMALL * MIB / 16384 * sizeof *kept);
    for (size_t i = 0; i < UNTOUCHED_SMALL * MIB / 16384; i++)
        kept[i] = malloc(16384);
    keep[nkept++] = kept;
}

static void *deep(void *arg)
{
    char stack[STACK * MIB];
    memset(stack, 1, sizeof stack);
    __asm__ volatile("" : : "r"(stack) : "memory");
    pthread_barrier_wait(arg);
    pause();
    return NULL;
}

static void outside(void)
{
    static pthread_barrier_t barrier;
    pthread_attr_t attr;
    pthread_t thread;
    FILE *file = tmpfile();
    int memory = memfd_create("known", 0);
    touched(mmap(NULL, DIRECT * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            DIRECT * MIB);
    if (file == NULL || ftruncate(fileno(file), FILE_MIB * MIB) != 0 || memory < 0 ||
        ftruncate(memory, SHARED * MIB) != 0)
        abort();
    touched(mmap(NULL, SHARED * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0), SHARED * MIB);
    touched(mmap(NULL, FILE_MIB * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0), FILE_MIB * MIB);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (STACK + 1) * MIB);
    pthread_barrier_init(&barrier, NULL, 2);
    if (pthread_create(&thread, &attr, deep, &barrier) != 0)
        abort();
    pthread_barrier_wait(&barrier);
}

int main(void)
{
    small_blocks();
    large_blocks();
    outside();
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}

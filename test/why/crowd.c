/* SPDX-License-Identifier: MIT
 *
 * crowd.c -- 200 threads, each with blocks of its own and some of its neighbour's to free. Says when all have
 * come to rest, then waits.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 200, BLOCKS = 400, ROUNDS = 3 };

static pthread_barrier_t barrier;
static void *blocks[THREADS][BLOCKS];

static void fill(unsigned id, unsigned round)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        size_t size = 16 + (id * 131 + i * 37 + round * 53) % 1000;
        blocks[id][i] = malloc(size);
        if (blocks[id][i] == NULL)
            abort();
        memset(blocks[id][i], (int)id, size);
    }
}

static void *run(void *arg)
{
    unsigned id = (unsigned)(size_t)arg;
    for (unsigned round = 0; round < ROUNDS; round++) {
        fill(id, round);
        pthread_barrier_wait(&barrier);
        for (unsigned i = round; i < BLOCKS; i++) {
            free(blocks[(id + 1) % THREADS][i]);
            blocks[(id + 1) % THREADS][i] = NULL;
        }
        pthread_barrier_wait(&barrier);
    }
    fill(id, ROUNDS);
    pthread_barrier_wait(&barrier);
    pause();
    return NULL;
}

int main(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 128 << 10);
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&thread, &attr, run, (void *)i) != 0)
            return 1;
    }
    for (unsigned i = 0; i < 2 * ROUNDS + 1; i++)
        pthread_barrier_wait(&barrier);
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}

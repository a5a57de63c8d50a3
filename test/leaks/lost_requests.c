/* SPDX-License-Identifier: MIT
 *
 * lost_requests.c -- a server with threads that loses the context of every request that times out.
 * `clean`: it frees it. Threads come and go; one is left running, and holds what it works on, at the exit.
 *
 * Lost: 4 threads x 16 contexts of 320 bytes (direct).
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4, REQUESTS = 64 };

struct context {
    unsigned number;
    char headers[316];
};

static bool clean;
static pthread_barrier_t ready;
static pthread_mutex_t never = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) static struct context *begin_request(unsigned number)
{
    struct context *c = malloc(sizeof *c);
    memset(c, (int)number, sizeof *c);
    c->number = number;
    return c;
}

__attribute__((noinline)) static void serve(unsigned number)
{
    struct context *c = begin_request(number);
    if (number % 4 == 3 && !clean) /* timed out */
        return;
    free(c);
}

static void *work(void *arg)
{
    char *scratch = malloc(512);
    (void)arg;
    for (unsigned i = 0; i < REQUESTS; i++)
        serve(i);
    free(scratch);
    return NULL;
}

static void *work_forever(void *arg)
{
    /* Of another size class: what it draws for itself leaves no contexts on its stack, which is all looked
     * at. */
    char *volatile mine = malloc(2000);
    (void)arg;
    pthread_barrier_wait(&ready);
    pthread_mutex_lock(&never);
    return mine;
}

int main(int argc, char **argv)
{
    pthread_t workers[WORKERS];
    pthread_t one;
    clean = argc > 1 && strcmp(argv[1], "clean") == 0;
    pthread_mutex_lock(&never);
    pthread_barrier_init(&ready, NULL, 2);
    pthread_create(&one, NULL, work_forever, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, work, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    pthread_barrier_wait(&ready);
    puts("served");
    return 0;
}

// expect: quiet
// SPDX-License-Identifier: MIT
// In a forked child a new thread is the first to need a slow path; it must not be given the cache of the
// thread that forked.

#include "../common/crime.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t freed;
static sem_t done;
static void *last_freed;

/* The thread lives on, so what it freed stays in its cache. */
static void *free_and_wait(void *unused)
{
    last_freed = get_block();
    free(last_freed);
    sem_post(&freed);
    sem_wait(&done);
    return unused;
}

static void child(void)
{
    pthread_t thread;
    if (sem_init(&freed, 0, 0) != 0 || sem_init(&done, 0, 0) != 0 ||
        pthread_create(&thread, NULL, free_and_wait, NULL) != 0)
        lost("cannot start a thread");
    sem_wait(&freed);
    for (int i = 0; i < 3; i++)
        if (get_block() == last_freed)
            lost("two live threads use one cache");
    sem_post(&done);
    pthread_join(thread, NULL);
}

/* Leave free blocks of every size in the cache, so that starting a thread needs no slow path. */
static void fill_cache(void)
{
    for (size_t size = 16; size < 2000; size += 16) {
        void *blocks[6];
        for (int i = 0; i < 6; i++)
            blocks[i] = malloc(size);
        for (int i = 0; i < 6; i++)
            free(blocks[i]);
    }
}

void crime(void)
{
    fill_cache();
    pid_t pid = fork();
    if (pid == 0) {
        child();
        return;
    }
    int status = 1;
    if (waitpid(pid, &status, 0) != pid || status != 0)
        lost("the child did not end with 0");
}

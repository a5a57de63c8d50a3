/* SPDX-License-Identifier: MIT
 *
 * The first to need the allocator's slow paths in a forked child is not the thread that forked but a new
 * one: it must not take the forking thread's cache for a dead thread's. Main and the new thread then
 * allocate in turns; no block may be handed out twice.
 *
 *   fork   after fork()
 *   raw    after a bare clone(SIGCHLD), with the thread made by libc all the same
 */
#include "life/life.h"

#include <sys/syscall.h>

enum { ROUNDS = 50, WARM = 60, BLOCKS = 2000, SIZE = 80 };

static void *thread_blocks[BLOCKS];
static pthread_barrier_t step;

/* Leaves free blocks in this thread's cache, so that the next ones are served from there. */
static void warm_up(void)
{
    void *blocks[WARM];
    for (size_t i = 0; i < WARM; i++)
        blocks[i] = life_block(SIZE, i);
    for (size_t i = 0; i < WARM; i++)
        life_free(blocks[i]);
}

static void *stay(void *unused)
{
    warm_up();
    pthread_barrier_wait(&step);
    for (;;)
        pause();
    return unused;
}

static void *allocate_first(void *unused)
{
    life_use_every_class(1);
    pthread_barrier_wait(&step);
    for (size_t i = 0; i < BLOCKS; i++)
        thread_blocks[i] = life_block(SIZE, i);
    return unused;
}

static void child(void)
{
    static void *blocks[BLOCKS];
    life_child_begin();
    CHECK_EQ(pthread_barrier_init(&step, NULL, 2), 0);
    pthread_t thread = life_thread(allocate_first, NULL);
    pthread_barrier_wait(&step);
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = life_block(SIZE, BLOCKS + i);
    life_join(thread);
    for (size_t i = 0; i < BLOCKS; i++) {
        life_free(thread_blocks[i]);
        life_free(blocks[i]);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    int raw = argc > 1 && strcmp(argv[1], "raw") == 0;
    life_deadline(60, "a new thread is the first to allocate in a child");
    CHECK_EQ(pthread_barrier_init(&step, NULL, 2), 0);
    life_thread(stay, NULL);
    pthread_barrier_wait(&step);
    for (int round = 0; round < ROUNDS; round++) {
        warm_up();
        pid_t pid = raw ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child();
        life_reap(pid);
    }
    _exit(0);
}

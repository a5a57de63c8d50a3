/* SPDX-License-Identifier: MIT
 *
 * live.c -- a program whose heap is known and that stays until its input ends: to be looked at from outside.
 *
 *   run-live WHAT     prints a line when it is ready, and the id of the process to look at
 *
 * Holds 10000 blocks of 1000 bytes and 10 of 1 MiB; WHAT is added to that:
 *   plain             nothing
 *   closed            every descriptor but the streams is closed
 *   fork              a child that has freed half of the small blocks is the one to look at
 *   raw               the same, by a clone that libc does not know of
 *   storm             200 forks one after the other, each of which allocates
 *   storming          the same all the time, while it is looked at
 *   exec              frees half of the small blocks and becomes `plain`
 *   dlclose           all that comes from the library ACRE_TEST_LIBRARY, which it has loaded and unloaded
 *                     20 times
 *   threads           1000 threads that hold a block each
 *   work              goes on allocating and freeing
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL = 10000, LARGE = 10, THREADS = 1000, LOADS = 20, FORKS = 200 };

static void *small_blocks[SMALL];
static void *large_blocks[LARGE];
static pthread_barrier_t barrier;

static void *(*take)(size_t) = malloc;

static void *filled(size_t bytes)
{
    void *block = take(bytes);
    if (!block)
        exit(99);
    return memset(block, 1, bytes);
}

static void free_half(void)
{
    for (int i = 0; i < SMALL; i += 2)
        free(small_blocks[i]);
}

static void say_ready(void)
{
    printf("%d\n", (int)getpid());
    fflush(stdout);
}

static int input_has_ended(int timeout_ms)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, timeout_ms) != 0;
}

static void stay(void)
{
    say_ready();
    while (!input_has_ended(-1))
        ;
}

static int in_child(pid_t child)
{
    if (child == 0) {
        free_half();
        stay();
        _exit(0);
    }
    return waitpid(child, NULL, 0) == child ? 0 : 1;
}

static void *hold(void *arg)
{
    void *block = filled(5000);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    free(block);
    return arg;
}

static void with_threads(void)
{
    static pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, hold, NULL);
    pthread_barrier_wait(&barrier);
    stay();
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void fork_once(void)
{
    pid_t child = fork();
    if (child == 0) {
        free_half();
        free(filled(3 << 20));
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void storm(void)
{
    for (int i = 0; i < FORKS; i++)
        fork_once();
    stay();
}

static void go_on_storming(void)
{
    say_ready();
    while (!input_has_ended(0))
        fork_once();
}

static void load_and_unload(void)
{
    const char *path = getenv("ACRE_TEST_LIBRARY");
    for (int i = 0; i < LOADS; i++) {
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        void (*give)(void *) = library ? (void (*)(void *))dlsym(library, "acre_free") : NULL;
        take = library ? (void *(*)(size_t))dlsym(library, "acre_malloc") : NULL;
        if (!take || !give)
            exit(98);
        give(filled(100000));
        dlclose(library);
    }
}

static void work(void)
{
    say_ready();
    while (!input_has_ended(2)) {
        for (int i = 0; i < 2000; i++)
            free(small_blocks[i]);
        for (int i = 0; i < 2000; i++)
            small_blocks[i] = filled(1000);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "plain";
    if (strcmp(what, "dlclose") == 0)
        load_and_unload();
    for (int i = 0; i < SMALL; i++)
        small_blocks[i] = filled(1000);
    for (int i = 0; i < LARGE; i++)
        large_blocks[i] = filled(1 << 20);
    if (strcmp(what, "closed") == 0)
        close_range(3, ~0u, 0);
    if (strcmp(what, "fork") == 0)
        return in_child(fork());
    if (strcmp(what, "raw") == 0)
        return in_child((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (strcmp(what, "exec") == 0) {
        free_half();
        execl("/proc/self/exe", argv[0], "plain", (char *)NULL);
        return 97;
    }
    if (strcmp(what, "threads") == 0)
        with_threads();
    else if (strcmp(what, "storm") == 0)
        storm();
    else if (strcmp(what, "storming") == 0)
        go_on_storming();
    else if (strcmp(what, "work") == 0)
        work();
    else
        stay();
    return 0;
}

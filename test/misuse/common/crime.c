/* SPDX-License-Identifier: MIT
 *
 * crime.c -- main() and the helpers of the misuse programs; see crime.h.
 *
 * Nothing here prints or allocates besides the blocks asked for, so that what a program does to the heap is
 * what its few lines say.
 */
#include "crime.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHERS_MAX = 5000, WARM_FREES = 1000, THREADS_MAX = 2 };

struct kind {
    const char *name;
    size_t alignment;
    size_t size;
};

static const struct kind kinds[] = {
#define KIND(name, alignment, size, detail) {#name, alignment, size},
#include "kinds.def"
#undef KIND
};

static const struct kind *kind_in_force;
static void *others[OTHERS_MAX];
static unsigned nothers;

struct waiting {
    pthread_t thread;
    sem_t go;
    void *(*act)(void *);
    void *argument;
};

static struct waiting threads[THREADS_MAX];
static unsigned nthreads;

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    lost("no such kind of block: the names are in common/kinds.def");
}

void lost(const char *reason)
{
    ssize_t written = write(STDERR_FILENO, reason, strlen(reason));
    written = write(STDERR_FILENO, "\n", 1);
    _exit(written == 1 ? 1 : 2);
}

void *get_block(void)
{
    void *block = kind_in_force->alignment ? aligned_alloc(kind_in_force->alignment, kind_in_force->size)
                                           : malloc(kind_in_force->size);
    if (!block)
        lost("no memory for a block: raise the limits of this test run");
    return block;
}

size_t block_size(void)
{
    return kind_in_force->size;
}

void hold_others(unsigned n)
{
    if (n > OTHERS_MAX)
        lost("hold_others: too many blocks asked for");
    for (; nothers < n; nothers++)
        others[nothers] = get_block();
}

void free_others(void)
{
    while (nothers > 0)
        free(others[--nothers]);
}

void warm_up(void)
{
    for (unsigned i = 0; i < WARM_FREES; i++)
        free(get_block());
}

static void *wait_and_act(void *argument)
{
    struct waiting *waiting = argument;
    sem_wait(&waiting->go);
    return waiting->act(waiting->argument);
}

void start_threads(unsigned n)
{
    for (; nthreads < n && nthreads < THREADS_MAX; nthreads++) {
        sem_init(&threads[nthreads].go, 0, 0);
        if (pthread_create(&threads[nthreads].thread, NULL, wait_and_act, &threads[nthreads]) != 0)
            lost("cannot start a thread");
    }
}

void *in_thread(void *(*act)(void *), void *argument)
{
    if (nthreads == 0)
        start_threads(1);
    struct waiting *waiting = &threads[--nthreads];
    waiting->act = act;
    waiting->argument = argument;
    sem_post(&waiting->go);
    void *result = NULL;
    if (pthread_join(waiting->thread, &result) != 0)
        lost("cannot wait for a thread");
    return result;
}

void in_child(void (*act)(void *), void *argument)
{
    pid_t child = fork();
    if (child == 0) {
        act(argument);
        exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        lost("cannot fork");
    if (WIFSIGNALED(status))
        kill(getpid(), WTERMSIG(status));
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

void *free_act(void *block)
{
    free(block);
    return NULL;
}

void *get_block_act(void *unused)
{
    (void)unused;
    return get_block();
}

int main(int argc, char **argv)
{
    kind_in_force = find_kind(argc > 1 ? argv[1] : "small");
    crime();
    return 0;
}

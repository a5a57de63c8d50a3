/* SPDX-License-Identifier: MIT
 *
 * thousand.c -- hardened mode catches each kind of crime in 1000 of 1000 random cases: random sizes,
 * random blocks live and freed around it, in the thread that allocated the block or another. Each case is
 * a forked child, which has to end by SIGABRT.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

enum { CASES = 1000, AROUND = 300, SMALL_MAX = 28000 };

void free_sized(void *block, size_t size) __attribute__((weak));
void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

static uint64_t seed;
static void *around[AROUND];

static size_t below(size_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % n;
}

/* Most are small, as in programs. */
static size_t any_size(void)
{
    size_t kind = below(10);
    return 1 + below(kind < 6 ? 300 : kind < 9 ? 3000 : SMALL_MAX);
}

static void churn(void)
{
    for (size_t n = below(2000); n > 0; n--) {
        size_t i = below(AROUND);
        free(around[i]);
        around[i] = malloc(any_size());
    }
}

static void *free_it(void *block)
{
    free(block);
    return NULL;
}

/* By this thread or another. */
static void free_somewhere(void *block)
{
    pthread_t thread;
    if (below(4) != 0)
        free(block);
    else if (pthread_create(&thread, NULL, free_it, block) != 0 || pthread_join(thread, NULL) != 0)
        _exit(3);
}

static void double_free(char *block, size_t size)
{
    (void)size;
    free_somewhere(block);
    free_somewhere(block);
}

static void interior(char *block, size_t size)
{
    free_somewhere(block + 1 + below(size));
}

static void foreign(char *block, size_t size)
{
    char local[64];
    static char fixed[64];
    free_somewhere(below(2) ? local + below(64) : fixed + below(64));
    memset(block, 1, size);
}

static void wrong_size(char *block, size_t size)
{
    size_t other = any_size();
    free_sized(block, other != size ? other : size + 1);
}

static void wrong_alignment(char *block, size_t size)
{
    (void)block;
    size_t alignment = (size_t)64 << below(5);
    free_aligned_sized(aligned_alloc(alignment, size), below(2) ? alignment * 2 : alignment / 2, size);
}

static void overflow_by_zero(char *block, size_t size)
{
    block[size] = 0;
    free_somewhere(block);
}

/* Whatever stands there is changed. */
static void overflow(char *block, size_t size)
{
    block[size] ^= (char)(1 + below(255));
    free_somewhere(block);
}

static void write_after_free(char *block, size_t size)
{
    free(block);
    block[below(size)] = (char)(1 + below(255));
    for (int i = 0; i < 5000; i++)
        if (malloc(size) == NULL)
            _exit(3);
}

static const struct crime {
    const char *name;
    void (*commit)(char *block, size_t size);
} crimes[] = {{"double_free", double_free},
              {"interior", interior},
              {"foreign", foreign},
              {"wrong_size", wrong_size},
              {"wrong_alignment", wrong_alignment},
              {"overflow_by_zero", overflow_by_zero},
              {"overflow", overflow},
              {"write_after_free", write_after_free}};

static bool is_caught(const struct crime *crime, unsigned number)
{
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        seed = number * 7919u + 1;
        size_t size = any_size();
        churn();
        char *block = malloc(size);
        churn();
        crime->commit(block, size);
        _exit(0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    int nowhere = open("/dev/null", O_WRONLY);
    int errors = dup(2);
    for (size_t i = 0; i < sizeof crimes / sizeof crimes[0]; i++) {
        if (strcmp(crimes[i].name, argv[1]) != 0)
            continue;
        unsigned caught = 0;
        CHECK(dup2(nowhere, 2) == 2);
        for (unsigned n = 0; n < CASES; n++)
            caught += is_caught(&crimes[i], n) ? 1u : 0u;
        CHECK(dup2(errors, 2) == 2);
        printf("%s: caught %u of %u\n", argv[1], caught, (unsigned)CASES);
        return caught == CASES ? 0 : 1;
    }
    return 2;
}

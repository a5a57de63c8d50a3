/* SPDX-License-Identifier: MIT
 *
 * life.h -- what the life-cycle tests share: sealed blocks, a churn, memory readings, children and deadlines.
 *
 * A sealed block carries its size and a check word in its first 16 bytes and a pattern that follows from
 * them in the rest, so whoever finds it (another thread, a signal handler, a forked child) can check every
 * byte of it. Nothing here allocates except where it says so. C11 and C++.
 */
#ifndef AC_TEST_LIFE_H
#define AC_TEST_LIFE_H

#include "support/check.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

enum { LIFE_KIB = 1024, LIFE_MIB = 1024 * 1024, LIFE_SEAL_MIN = 16, LIFE_CHILD_SECONDS = 10 };

typedef uint64_t __attribute__((may_alias)) life_word;

#define LIFE_HELPER __attribute__((unused)) static
#define LIFE_FAIL(text) check_failed(__FILE__, __LINE__, text)

LIFE_HELPER uint64_t life_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

LIFE_HELPER uint64_t life_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return life_mix(*state);
}

/* Writes every byte of the block; size is 16 or more and below 4 GiB. */
LIFE_HELPER void life_seal(void *block, size_t size, uint64_t seed)
{
    life_word *words = (life_word *)block;
    words[0] = (uint64_t)size | seed << 32;
    uint64_t pattern = life_mix(words[0]);
    words[1] = pattern;
    for (size_t i = 2; i < size / 8; i++)
        words[i] = pattern + i * 0x9e3779b97f4a7c15u;
    for (size_t i = size & ~(size_t)7; i < size; i++)
        ((unsigned char *)block)[i] = (unsigned char)(pattern + i);
}

/* Checks a block sealed with at least `limit` bytes, up to limit; returns the size in the seal. */
LIFE_HELPER size_t life_check_prefix(const void *block, size_t limit)
{
    const life_word *words = (const life_word *)block;
    size_t size = (size_t)(words[0] & 0xffffffffu);
    uint64_t pattern = words[1];
    CHECK_EQ(pattern, life_mix(words[0]));
    size_t end = size < limit ? size : limit;
    for (size_t i = 2; i < end / 8; i++)
        CHECK_EQ(words[i], pattern + i * 0x9e3779b97f4a7c15u);
    for (size_t i = size & ~(size_t)7; i < end; i++)
        CHECK_EQ(((const unsigned char *)block)[i], (unsigned char)(pattern + i));
    return size;
}

LIFE_HELPER size_t life_check_seal(const void *block)
{
    return life_check_prefix(block, (size_t)-1);
}

LIFE_HELPER void life_check_zero(const void *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        CHECK_EQ(((const unsigned char *)block)[i], 0);
}

/* Allocates: a sealed block; ends the test when there is none. */
LIFE_HELPER void *life_block(size_t size, uint64_t seed)
{
    void *block = malloc(size);
    CHECK(block != NULL);
    CHECK_EQ((uintptr_t)block % 16, 0);
    life_seal(block, size, seed);
    return block;
}

LIFE_HELPER void life_free(void *block)
{
    life_check_seal(block);
    free(block);
}

/* The next size to try after `size` so that no size class up to 32 KiB is left out; then 50 % steps to 10
 * MiB. Use: for (size_t s = LIFE_SEAL_MIN; s != 0; s = life_next_size(s)) */
LIFE_HELPER size_t life_next_size(size_t size)
{
    if (size < 32 * LIFE_KIB)
        return size + (size < 256 ? 16 : size / 16 & ~(size_t)15);
    return size < 10 * LIFE_MIB ? size + size / 2 : 0;
}

/* Allocates: one block of every class is taken, all are held together, then checked and freed. */
LIFE_HELPER void life_use_every_class(uint64_t seed)
{
    void *held[256];
    size_t nheld = 0;
    for (size_t size = LIFE_SEAL_MIN; size != 0; size = life_next_size(size)) {
        size_t fill = size < 64 * LIFE_KIB ? size : (size_t)LIFE_SEAL_MIN;
        void *block = size % 3 == 0 ? calloc(1, size) : malloc(size);
        CHECK(block != NULL && nheld < 256);
        life_seal(block, fill, seed + size);
        held[nheld++] = block;
    }
    for (size_t i = 0; i < nheld; i++)
        life_free(held[i]);
}

/* Blocks under churn by one thread. */
enum { LIFE_POOL_BLOCKS = 512 };
struct life_pool {
    void *blocks[LIFE_POOL_BLOCKS];
    uint64_t random;
};

/* Log-uniform from 16 bytes to max_size. */
LIFE_HELPER size_t life_random_size(uint64_t *random, size_t max_size)
{
    uint64_t r = life_random(random);
    unsigned bits = 5 + (unsigned)(r % 60) * (64 - 5 - (unsigned)__builtin_clzll(max_size)) / 60;
    size_t size = LIFE_SEAL_MIN + (size_t)((r >> 8) & ((1u << bits) - 1));
    return size < max_size ? size : max_size;
}

LIFE_HELPER void life_churn_once(struct life_pool *pool, size_t max_size)
{
    uint64_t r = life_random(&pool->random);
    void **slot = &pool->blocks[r % LIFE_POOL_BLOCKS];
    size_t size = life_random_size(&pool->random, max_size);
    if (*slot != NULL && r >> 60 < 4) {
        size_t old_size = life_check_seal(*slot);
        *slot = realloc(*slot, size);
        CHECK(*slot != NULL);
        life_check_prefix(*slot, old_size < size ? old_size : size);
    } else if (*slot != NULL) {
        life_free(*slot);
        *slot = NULL;
        return;
    } else if (r >> 60 < 2) {
        *slot = calloc(1, size);
        CHECK(*slot != NULL);
        life_check_zero(*slot, size);
    } else if (r >> 60 < 3) {
        *slot = memalign((size_t)16 << (r >> 40) % 9, size);
    } else {
        *slot = malloc(size);
    }
    CHECK(*slot != NULL);
    life_seal(*slot, size, r);
}

LIFE_HELPER void life_churn(struct life_pool *pool, unsigned noperations, size_t max_size)
{
    for (unsigned i = 0; i < noperations; i++)
        life_churn_once(pool, max_size);
}

LIFE_HELPER void life_pool_free(struct life_pool *pool)
{
    for (size_t i = 0; i < LIFE_POOL_BLOCKS; i++) {
        if (pool->blocks[i] != NULL)
            life_free(pool->blocks[i]);
        pool->blocks[i] = NULL;
    }
}

LIFE_HELPER pthread_t life_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, body, argument), 0);
    return thread;
}

LIFE_HELPER void life_join(pthread_t thread)
{
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

LIFE_HELPER void life_sleep_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
        ;
}

LIFE_HELPER uint64_t life_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The number after `key` in a /proc file of "key: number" lines; the test ends when it is not there. */
LIFE_HELPER size_t life_proc_number(const char *path, const char *key)
{
    char text[8192];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[length < 0 ? 0 : length] = '\0';
    const char *found = strstr(text, key);
    if (found == NULL)
        check_note("cannot read %s from %s", key, path);
    CHECK(found != NULL);
    return strtoul(found + strlen(key), NULL, 10);
}

/* Exact, unlike VmRSS, which older kernels let lag by some hundred KiB. */
LIFE_HELPER size_t life_rss_kib(void)
{
    return life_proc_number("/proc/self/smaps_rollup", "\nRss:");
}

LIFE_HELPER size_t life_vm_kib(void)
{
    return life_proc_number("/proc/self/status", "\nVmSize:");
}

LIFE_HELPER const char *life_deadline_text;

LIFE_HELPER void life_deadline_passed(int signal_number)
{
    (void)signal_number;
    check_note("deadline passed, no progress: %s %s", life_deadline_text, check_case_text);
    _exit(1);
}

/* Ends the process with a message when it is still alive after so many seconds. Uses SIGALRM. */
LIFE_HELPER void life_deadline(unsigned seconds, const char *what)
{
    life_deadline_text = what;
    signal(SIGALRM, life_deadline_passed);
    alarm(seconds);
}

/* Waits for a child that has to end with status 0. */
LIFE_HELPER void life_reap(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        CHECK_EQ(errno, EINTR);
    if (WIFSIGNALED(status))
        check_note("child %d was killed by signal %d (%s)", (int)pid, WTERMSIG(status),
                   WTERMSIG(status) == SIGALRM ? "it hung" : "it crashed");
    CHECK_EQ(status, 0);
}

/* In a child: killed by SIGALRM when it hangs. */
LIFE_HELPER void life_child_begin(void)
{
    signal(SIGALRM, SIG_DFL);
    alarm(LIFE_CHILD_SECONDS);
}

/* Runs this program again, once, with LD_PRELOAD as given (NULL: without); the second run comes back from
 * here. */
LIFE_HELPER void life_rerun_preloaded(char **argv, const char *preload)
{
    if (getenv("LIFE_RERUN") != NULL)
        return;
    if (preload == NULL)
        unsetenv("LD_PRELOAD");
    else
        setenv("LD_PRELOAD", preload, 1);
    setenv("LIFE_RERUN", "1", 1);
    execv("/proc/self/exe", argv);
    LIFE_FAIL("execv of the test itself failed");
}

/* Compares a measured figure with its bound and prints both. */
LIFE_HELPER void life_bound(const char *what, size_t measured, size_t bound, const char *unit)
{
    check_note("%s: %zu %s, bound %zu %s", what, measured, unit, bound, unit);
    CHECK_CASE("%s", what);
    CHECK_LE(measured, bound);
    CHECK_CASE("%s", "");
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * hidden.c -- blocks that are led to from odd places only; none is lost: a shared mapping, one of a file, an
 * address within, thread-local storage, a thread's key, memory that may only be read, a stack in a block
 * with a guard page, a link in a block bigger than the copier's window, a word behind a gigabyte of
 * nothing.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define HUGE_BYTES ((size_t)1 << 30)

static char *volatile inner;
static __thread char *volatile local;
static char **volatile in_shared, **volatile in_file, **volatile in_read_only, **volatile in_huge;
static char *volatile coroutine;
static char **volatile big;

__attribute__((noinline)) static char *block(size_t bytes)
{
    char *b = malloc(bytes);
    memset(b, 0x41, bytes);
    return b;
}

static char **map(size_t bytes, int flags, int fd)
{
    char **words = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);
    if (words == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return words;
}

static void fill(void)
{
    pthread_key_t key;
    char path[] = "/dev/shm/acre-leaks-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    if (fd < 0 || ftruncate(fd, PAGE) != 0) {
        perror(path);
        exit(1);
    }
    inner = block(100) + 99;
    local = block(101);
    in_shared = map(PAGE, MAP_SHARED | MAP_ANONYMOUS, -1);
    in_shared[7] = block(102);
    in_file = map(PAGE, MAP_SHARED, fd);
    in_file[7] = block(103);
    in_read_only = map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    in_read_only[7] = block(104);
    mprotect(in_read_only, PAGE, PROT_READ);
    in_huge = map(HUGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    in_huge[HUGE_BYTES / 16 * 1 + 7] = block(105);
    pthread_key_create(&key, NULL);
    pthread_setspecific(key, block(106));
    coroutine = aligned_alloc(PAGE, 4 * PAGE);
    ((char **)(void *)coroutine)[3 * PAGE / 8 + 7] = block(107);
    mprotect(coroutine, PAGE, PROT_NONE);
    big = calloc(1, 8u << 20);
    big[(8u << 20) / 8 - 1] = block(108);
}

int main(void)
{
    fill();
    puts("hidden");
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * calls.c -- a library to preload for bench/contention: counts the program's calls of malloc and its
 * relatives, passes them on to the C library, and writes the number to the file that COUNTING_OUT names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static unsigned long ncalls;

static void count(void)
{
    __atomic_fetch_add(&ncalls, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    count();
    return __libc_calloc(n, size);
}

void *realloc(void *block, size_t size)
{
    count();
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *block;

    count();
    block = __libc_memalign(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *out = block;
    return 0;
}

void free(void *block)
{
    count();
    __libc_free(block);
}

__attribute__((destructor)) static void write_calls(void)
{
    const char *path = getenv("COUNTING_OUT");
    unsigned long total = ncalls;
    FILE *file = path == NULL ? NULL : fopen(path, "w");

    if (file == NULL)
        return;
    fprintf(file, "%lu\n", total);
    fclose(file);
}

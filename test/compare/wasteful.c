/* SPDX-License-Identifier: MIT
 *
 * wasteful.c -- an allocator that is known to be slower and bigger than libc's: it takes twice as much,
 * touches it all, and computes a while at each call.
 */
#include <stddef.h>
#include <string.h>

void *__libc_malloc(size_t size);
void __libc_free(void *block);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static void waste_time(void)
{
    for (volatile int i = 0; i < 1000000; i++)
        continue;
}

void *malloc(size_t size)
{
    waste_time();
    void *block = __libc_malloc(2 * size);
    return block ? memset(block, 1, 2 * size) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return __libc_realloc(block, size);
}

void free(void *block)
{
    __libc_free(block);
}

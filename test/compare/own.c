/* SPDX-License-Identifier: MIT
 *
 * own.c -- a program that brings a malloc of its own, which no preloaded library can take the place of.
 */
#include <stddef.h>
#include <stdio.h>

static _Alignas(16) char memory[1 << 20];
static size_t used;

void *malloc(size_t size)
{
    size_t at = used;
    used += (size + 15) & ~(size_t)15;
    return used <= sizeof(memory) ? memory + at : NULL;
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t size)
{
    return malloc(count * size);
}

void *realloc(void *block, size_t size)
{
    (void)block;
    return malloc(size);
}

int main(void)
{
    void *block = malloc(100);
    puts(block ? "own" : "none");
    free(block);
    return 0;
}

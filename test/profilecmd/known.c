/* SPDX-License-Identifier: MIT
 *
 * known.c -- allocates what the tests know: 100 000 blocks of 100 bytes, 2 000 of 3 000, one of 8 MiB; and a
 * million that are freed at once. With an argument: goes on, until its standard input ends, with batches
 * of blocks that it frees again, too many for a thread's cache, so that it comes by where commands are
 * obeyed.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *kept[102001];
static size_t nkept;

static void keep(size_t n, size_t bytes)
{
    for (size_t i = 0; i < n; i++)
        kept[nkept++] = malloc(bytes);
}

__attribute__((noinline)) static void small_blocks(void)
{
    keep(100000, 100);
}

__attribute__((noinline)) static void middle_blocks(void)
{
    keep(2000, 3000);
}

__attribute__((noinline)) static void huge_block(void)
{
    keep(1, 8 << 20);
}

__attribute__((noinline)) static void temporary_blocks(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *volatile block = malloc(200);
        free(block);
    }
}

__attribute__((noinline)) static void batch_blocks(void)
{
    static void *batch[5000];
    for (size_t i = 0; i < 5000; i++)
        batch[i] = malloc(200);
    for (size_t i = 0; i < 5000; i++)
        free(batch[i]);
}

static bool is_wanted(void)
{
    struct pollfd in = {.fd = 0, .events = POLLIN};
    return poll(&in, 1, 10) == 0;
}

int main(int argc, char **argv)
{
    (void)argv;
    small_blocks();
    middle_blocks();
    huge_block();
    temporary_blocks(1000000);
    printf("ready\n");
    fflush(stdout);
    while (argc > 1 && is_wanted())
        batch_blocks();
    return nkept != 102001;
}

/* SPDX-License-Identifier: MIT
 *
 * unsound.c -- a program to be asked by `acre verify`. It takes slow paths all the time and, once there is
 * a line on its input, puts a free block into its thread's cache a second time and prints the block's
 * address.
 */
#include "core/state.h"
#include "heap/heap.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NBLOCKS = 64, SMALL = 96, LARGE = 40000 };

static const struct ac_state *find_state(void)
{
    char line[512];
    unsigned long at = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && at == 0 && fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, AC_STATE_NAME) != NULL)
            at = strtoul(line, NULL, 16);
    }
    if (maps == NULL || at == 0)
        abort();
    fclose(maps);
    return (const struct ac_state *)at;
}

/* The first thread's: its row of the state segment has the address. */
static struct ac_heap *find_heap(void)
{
    const struct ac_state *s = find_state();
    for (unsigned i = 0; i < s->nsections; i++) {
        const void *row = (const char *)s + s->sections[i].offset_bytes;
        if (s->sections[i].id == AC_STATE_THREADS)
            return (struct ac_heap *)((const struct ac_state_thread *)row)->cache;
    }
    abort();
}

static void churn(size_t size)
{
    void *blocks[NBLOCKS];
    for (size_t i = 0; i < NBLOCKS; i++)
        blocks[i] = malloc(size);
    for (size_t i = 0; i < NBLOCKS; i++)
        free(blocks[i]);
}

static void *cache_twice(struct ac_heap *heap)
{
    churn(SMALL); /* what was cached before may have been emptied */
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        void **slots = heap->magazines[c].slots;
        if (slots == NULL || heap->magazines[c].emptied != 0 ||
            heap->bins[c].top < (uint64_t)(uintptr_t)(slots + 2))
            continue;
        slots[0] = slots[1];
        return slots[1];
    }
    abort();
}

int main(void)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    struct ac_heap *heap = find_heap();
    churn(LARGE);
    puts("ready");
    fflush(stdout);
    while (poll(&input, 1, 1) == 0)
        churn(LARGE);
    printf("%p\n", cache_twice(heap));
    fflush(stdout);
    for (;;) { /* until it is killed: the block would be found to be freed twice at the end */
        poll(NULL, 0, 1);
        churn(LARGE);
    }
}

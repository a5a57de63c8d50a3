// expect: quiet
// kinds: tiny small medium large aligned
// SPDX-License-Identifier: MIT
// Blocks of one thread freed by others, each of which ends at once; then the other way round.

#include "../common/crime.h"

enum { COUNT = 2000, THREADS = 8 };

static void *blocks[COUNT];

static void *free_all(void *unused)
{
    for (int i = 0; i < COUNT; i++)
        free(blocks[i]);
    return unused;
}

static void *get_all(void *unused)
{
    for (int i = 0; i < COUNT; i++)
        blocks[i] = get_block();
    return unused;
}

void crime(void)
{
    for (int i = 0; i < THREADS; i++) {
        get_all(NULL);
        in_thread(free_all, NULL);
        in_thread(get_all, NULL);
        free_all(NULL);
    }
}

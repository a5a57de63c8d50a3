// expect: quiet
// kinds: tiny small medium large aligned
// SPDX-License-Identifier: MIT
// A process that ends with live blocks, cached blocks and blocks of other threads in its caches.

#include "../common/crime.h"

static void *blocks[5000];

static void *free_third(void *unused)
{
    for (int i = 0; i < 5000; i += 3)
        free(blocks[i]);
    return unused;
}

void crime(void)
{
    for (int i = 0; i < 5000; i++)
        blocks[i] = get_block();
    in_thread(free_third, NULL);
    for (int i = 1; i < 5000; i += 3)
        free(blocks[i]);
}

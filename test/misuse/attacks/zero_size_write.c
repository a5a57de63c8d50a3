// expect: quiet
// SPDX-License-Identifier: MIT
// Write to a block of size 0: it has bytes of its own or the write does not reach a neighbour.

#include "../common/attack.h"

void crime(void)
{
    enum { COUNT = 100 };
    for (int i = 0; i < COUNT; i++) {
        char *empty = malloc(0);
        memset(claim(empty, malloc_usable_size(empty)), 0xff, malloc_usable_size(empty));
    }
    for (int i = 0; i < COUNT; i++)
        claim_malloc(1, NULL, 0);
}

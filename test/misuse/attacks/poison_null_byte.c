// expect: quiet
// SPDX-License-Identifier: MIT
// One zero byte past the end of a block, into whatever other allocators keep in front of its neighbour.

#include "../common/attack.h"

void crime(void)
{
    enum { COUNT = 100, SIZE = 0x108 };
    char *blocks[COUNT];
    for (int i = 0; i < COUNT; i++)
        blocks[i] = malloc(SIZE);
    for (int i = 0; i < COUNT; i++)
        blocks[i][malloc_usable_size(blocks[i])] = 0;
    for (int i = 0; i < COUNT; i += 2)
        free(blocks[i]);
    for (int i = 1; i < COUNT; i += 2)
        claim(blocks[i], SIZE);
    for (size_t i = 0; i < 10 * COUNT; i++)
        claim_malloc(16 * (i % 50), NULL, 0);
}

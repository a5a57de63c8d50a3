// expect: quiet
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Every byte malloc_usable_size() reports is written; the neighbours do not mind.

#include "../common/crime.h"

#include <string.h>

void crime(void)
{
    void *blocks[20];
    for (int i = 0; i < 20; i++)
        blocks[i] = get_block();
    for (int i = 0; i < 20; i++)
        memset(blocks[i], 0xa5, malloc_usable_size(blocks[i]));
    for (int i = 0; i < 20; i++)
        free(blocks[i]);
}

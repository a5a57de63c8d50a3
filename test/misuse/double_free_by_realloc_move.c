// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// realloc() moved the block and the old pointer is freed.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    void *fence = get_block();
    char *moved = realloc(block, 40 * block_size());
    if (moved == (char *)block)
        lost("the block grew in place: this program needs one that moves");
    free(block);
    free(fence);
}

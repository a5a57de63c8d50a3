// expect: abort "write to freed memory at" "{kind}, a freed block"
// kinds: tiny small medium aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// realloc() moved the block; the old pointer is used.

#include "../common/crime.h"

static void reuse(void)
{
    hold_others(3000);
}

void crime(void)
{
    char *block = get_block();
    char *moved = realloc(block, block_size() + 50000);
    if (moved == block)
        lost("realloc did not move the block: this program needs that");
    block[0] = 1;
    reuse();
}

// expect: abort "write to freed memory at" "{kind}, a freed block"
// kinds: tiny small medium aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// Behind what was asked for, in a freed block.

#include "../common/crime.h"

static void reuse(void)
{
    hold_others(3000);
}

void crime(void)
{
    char *block = get_block();
    free(block);
    block[block_size()] = 1;
    reuse();
}

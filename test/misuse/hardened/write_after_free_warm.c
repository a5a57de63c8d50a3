// expect: abort "write to freed memory at" "{kind}, a freed block"
// kinds: tiny small medium aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// When 1000 frees of the class came before.

#include "../common/crime.h"

static void reuse(void)
{
    hold_others(3000);
}

void crime(void)
{
    warm_up();
    char *block = get_block();
    free(block);
    block[block_size() / 2] = 1;
    reuse();
}

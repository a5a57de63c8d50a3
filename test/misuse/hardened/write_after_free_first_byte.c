// expect: abort "write to freed memory at" "{kind}, a freed block"
// kinds: tiny small medium aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// A freed block is written to and found when it is handed out again.

#include "../common/crime.h"

static void reuse(void)
{
    hold_others(3000);
}

void crime(void)
{
    char *block = get_block();
    free(block);
    block[0] = 1;
    reuse();
}

// expect: abort "write to freed memory at" "{kind}, a freed block"
// kinds: tiny small medium aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// The block is freed and written to by another thread.

#include "../common/crime.h"

static void reuse(void)
{
    hold_others(3000);
}

void crime(void)
{
    char *block = get_block();
    in_thread(free_act, block);
    block[0] = 1;
    reuse();
}

// expect: abort "write past the end of" "37 bytes asked for, guarded block" "allocated by thread"
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT
// A write between the end of the block and that of its page is found when it is freed.

#include "../common/guarded.h"

void crime(void)
{
    char *block = get_guarded(true);
    block[GUARDED_BYTES] = 0;
    free(block);
}

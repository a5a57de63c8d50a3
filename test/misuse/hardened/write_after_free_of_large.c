// expect: abort "write to freed memory at" "free pages"
// kinds: large
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// A freed large block is written to; its pages serve another one.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    free(block);
    block[50000] = 1;
    warm_up();
}

// expect: abort "write past the end of" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// realloc() finds it before it copies.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[block_size()] ^= 1;
    free(realloc(block, block_size() + 50000));
}

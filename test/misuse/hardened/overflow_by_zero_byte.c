// expect: abort "write past the end of" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// A string one too long: its final zero lands behind the block.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[block_size()] = '\0';
    free(block);
}

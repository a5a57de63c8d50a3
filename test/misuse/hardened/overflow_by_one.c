// expect: abort "write past the end of" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// The byte behind the last one asked for is changed.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[block_size()] ^= 1;
    free(block);
}

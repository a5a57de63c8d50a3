// expect: abort "write past the end of" "{kind}"
// kinds: small medium large
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// realloc() to a size that leaves the block where it is.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[block_size()] ^= 1;
    free(realloc(block, block_size() - 1));
}

// expect: trap "write past the end of" "{kind}"
// kinds: tiny small medium aligned large
// environment: ACRE_CONF=hardened=1,on_error=trap
// SPDX-License-Identifier: MIT
// The same for a canary.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[block_size()] ^= 1;
    free(block);
}

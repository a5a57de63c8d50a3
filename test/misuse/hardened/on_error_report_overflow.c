// expect: report "write past the end of" "{kind}"
// kinds: tiny small medium aligned large huge
// environment: ACRE_CONF=hardened=1,on_error=report
// SPDX-License-Identifier: MIT
// The block is freed all the same.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[block_size()] ^= 1;
    free(block);
}

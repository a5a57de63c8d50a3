// expect: report "free of a (pointer into the middle of a block:|misaligned pointer)" "{kind}"
// kinds: small medium aligned
// environment: ACRE_CONF=hardened=1,on_error=report
// SPDX-License-Identifier: MIT
// The block stays as it is.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[0] = 7;
    free(block + 24);
    if (block[0] != 7 || malloc_usable_size(block) != block_size())
        lost("the block has changed");
    free(block);
}

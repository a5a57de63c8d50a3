// expect: abort "write past the end of" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// The same when 1000 frees of the class came before.

#include "../common/crime.h"

void crime(void)
{
    warm_up();
    char *block = get_block();
    block[block_size()] ^= 1;
    free(block);
}

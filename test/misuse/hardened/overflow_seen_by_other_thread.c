// expect: abort "write past the end of" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// Another thread frees the block that was written past its end.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    block[block_size()] ^= 1;
    in_thread(free_act, block);
}

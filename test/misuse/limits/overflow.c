// expect: quiet
// hardened: abort "write past the end of" "{kind}"
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// A write behind a block's end reaches the neighbour, and is not noticed.

#include "../common/crime.h"

void crime(void)
{
    char *blocks[3] = {get_block(), get_block(), get_block()};
    char *block = blocks[0] < blocks[1] ? blocks[0] : blocks[1];
    block[malloc_usable_size(block)] ^= 1; /* hardened mode: a canary that is no longer what it was */
    for (int i = 0; i < 3; i++)
        free(blocks[i]);
}

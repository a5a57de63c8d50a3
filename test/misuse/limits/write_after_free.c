// expect: quiet
// hardened: either
// kinds: tiny small medium large
// SPDX-License-Identifier: MIT
// A write to a freed block harms nobody until the block is live again, and is not noticed.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    free(block);
    block[0] = 1;
    free(get_block());
}

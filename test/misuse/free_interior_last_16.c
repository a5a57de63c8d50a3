// expect: abort "free of a pointer into the middle of a block:" "{kind}"
// hardened: abort "free of a (pointer into the middle of a block:|misaligned pointer)" "{kind}"
// kinds: small medium large aligned
// SPDX-License-Identifier: MIT
// free() of the last aligned address in a live block.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free((char *)block + malloc_usable_size(block) - 16);
}

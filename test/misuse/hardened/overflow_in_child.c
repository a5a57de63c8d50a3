// expect: abort "write past the end of" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// Written by the parent, freed by a forked child.

#include "../common/crime.h"

static void free_it(void *block)
{
    free(block);
}

void crime(void)
{
    char *block = get_block();
    block[block_size()] ^= 1;
    in_child(free_it, block);
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge
// SPDX-License-Identifier: MIT
// free_sized() twice with the right size.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free_sized(block, block_size());
    free_sized(block, block_size());
}

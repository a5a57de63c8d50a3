// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// The parent frees a block before the fork, the child frees it again.

#include "common/crime.h"

static void guilty(void *block)
{
    free(block);
}

void crime(void)
{
    void *block = get_block();
    free(block);
    in_child(guilty, block);
}

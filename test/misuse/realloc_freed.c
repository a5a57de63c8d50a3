// expect: abort "^(realloc or usable size of a freed block:|double free of)" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// realloc() of a freed block.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free(block);
    block = realloc(block, 40 * block_size());
}

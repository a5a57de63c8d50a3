// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// realloc(block, 0) freed the block already.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    if (realloc(block, 0))
        lost("realloc(block, 0) did not return NULL");
    free(block);
}

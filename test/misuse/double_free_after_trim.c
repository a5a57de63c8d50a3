// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// malloc_trim() stands between the two frees, so the block's pages may be back with the system.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free(block);
    malloc_trim(0);
    free(block);
}

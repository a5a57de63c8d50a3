// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// A block freed twice in a row when 1000 frees of its class came before.

#include "common/crime.h"

void crime(void)
{
    warm_up();
    void *block = get_block();
    free(block);
    free(block);
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// A block freed again after 30 others of its class.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    hold_others(30);
    free(block);
    free_others();
    free(block);
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large aligned
// SPDX-License-Identifier: MIT
// A block freed again after 1000 others of its class, all live at once.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    hold_others(1000);
    free(block);
    free_others();
    free(block);
}

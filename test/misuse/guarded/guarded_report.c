// expect: report "past the end of a block, at" "double free of" "in freed memory, at"
// environment: ACRE_CONF=guard_every=1,on_error=report
// SPDX-License-Identifier: MIT
// The program goes on after each.

#include "../common/guarded.h"

void crime(void)
{
    char *block = get_guarded(true);
    block[GUARDED_PADDED] = 1;
    free(block);
    free(block);
    *(volatile char *)block = 1;
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// A block freed twice in a row by the thread that allocated it.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free(block);
    free(block);
}

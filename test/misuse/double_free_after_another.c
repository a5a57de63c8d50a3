// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// A block freed again after one other block of the class was freed, which hides it from a look at the
// newest only.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    void *other = get_block();
    free(block);
    free(other);
    free(block);
}

// expect: fault "past the end of a block, at" "^(write|access) " "37 bytes asked for" "allocated by thread"
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT
// A write to the first byte that cannot be the block's.

#include "../common/guarded.h"

void crime(void)
{
    get_guarded(true)[GUARDED_PADDED] = 1;
}

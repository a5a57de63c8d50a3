// expect: fault "before the start of a block, at" "^(read|access) " "allocated by thread"
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT
// A read of the byte before the block.

#include "../common/guarded.h"

void crime(void)
{
    volatile char *block = get_guarded(false);
    (void)block[-1];
}

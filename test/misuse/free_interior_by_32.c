// expect: abort "free of a pointer into the middle of a block:" "{kind}"
// kinds: small medium large huge aligned
// SPDX-License-Identifier: MIT
// free() of a pointer 32 bytes into a live block.

#include "common/crime.h"

void crime(void)
{
    free((char *)get_block() + 32);
}

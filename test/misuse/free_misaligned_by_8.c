// expect: abort "free of a misaligned pointer" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// free() of a pointer 8 bytes into a live block.

#include "common/crime.h"

void crime(void)
{
    free((char *)get_block() + 8);
}

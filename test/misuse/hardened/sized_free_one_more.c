// expect: abort "sized free with the wrong size of" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// free_sized() with one byte more than was asked for.

#include "../common/crime.h"

void crime(void)
{
    free_sized(get_block(), block_size() + 1);
}

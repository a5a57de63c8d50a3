// expect: abort "free of a pointer acre did not allocate:"
// kinds: small large
// SPDX-License-Identifier: MIT
// free() of an address a gigabyte beyond a block.

#include "common/crime.h"

void crime(void)
{
    free((char *)get_block() + (1 << 30));
}

// expect: abort "sized free with the wrong alignment of" "size class"
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// The address is aligned so, but the block was not asked for so.

#include "../common/crime.h"

void crime(void)
{
    free_aligned_sized(aligned_alloc(256, 300), 64, 300);
}

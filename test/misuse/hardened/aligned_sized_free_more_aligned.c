// expect: abort "sized free with the wrong alignment of" "size class"
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// A block that lies better than asked for.

#include "../common/crime.h"

void crime(void)
{
    char *block = aligned_alloc(64, 300);
    while ((uintptr_t)block % 128 != 0)
        block = aligned_alloc(64, 300);
    free_aligned_sized(block, 128, 300);
}

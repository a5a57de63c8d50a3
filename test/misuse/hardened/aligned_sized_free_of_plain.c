// expect: abort "sized free with the wrong alignment of" "size class"
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// free_aligned_sized() of a block that malloc() made.

#include "../common/crime.h"

void crime(void)
{
    char *block = malloc(300);
    while ((uintptr_t)block % 64 != 0)
        block = malloc(300);
    free_aligned_sized(block, 64, 300);
}

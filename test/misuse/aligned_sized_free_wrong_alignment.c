// expect: abort "sized free with the wrong alignment of"
// SPDX-License-Identifier: MIT
// free_aligned_sized() with an alignment the block does not have.

#include "common/crime.h"

void crime(void)
{
    void *block = aligned_alloc(64, 640);
    while (((uintptr_t)block & 8191) == 0)
        block = aligned_alloc(64, 640);
    free_aligned_sized(block, 8192, 640);
}

// expect: abort "sized free with the wrong size of"
// SPDX-License-Identifier: MIT
// free_aligned_sized() of a large block with a size some pages too big.

#include "common/crime.h"

void crime(void)
{
    free_aligned_sized(aligned_alloc(8192, 100000), 8192, 140000);
}

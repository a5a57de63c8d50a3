// expect: abort "sized free with the wrong size of" "size class"
// SPDX-License-Identifier: MIT
// free_aligned_sized() with the right alignment and the size of another class.

#include "common/crime.h"

void crime(void)
{
    free_aligned_sized(aligned_alloc(64, 640), 64, 1280);
}

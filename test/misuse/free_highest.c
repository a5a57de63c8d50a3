// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of the highest address there is.

#include "common/crime.h"

void crime(void)
{
    free((void *)(UINTPTR_MAX & ~(uintptr_t)15));
}

// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of a function.

#include "common/crime.h"

void crime(void)
{
    free((void *)((uintptr_t)crime & ~(uintptr_t)15));
}

// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free_sized() of a local variable.

#include "common/crime.h"

void crime(void)
{
    long local[16] = {0};
    free_sized(local + (((uintptr_t)local >> 3) & 1), 100);
}

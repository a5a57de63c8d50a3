// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of a local variable.

#include "common/crime.h"

void crime(void)
{
    long local[16] = {0};
    free(local + (((uintptr_t)local >> 3) & 1));
}

// expect: abort "realloc or usable size of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// malloc_usable_size() of a local variable.

#include "common/crime.h"

void crime(void)
{
    long local[16] = {0};
    void *block = local + (((uintptr_t)local >> 3) & 1);
    (void)!malloc_usable_size(block);
}

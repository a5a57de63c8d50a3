// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of bits that are no address at all.

#include "common/crime.h"

void crime(void)
{
    free((void *)(uintptr_t)0xdeadbeefdeadbee0);
}

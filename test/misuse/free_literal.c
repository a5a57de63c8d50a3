// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of a string literal.

#include "common/crime.h"

void crime(void)
{
    static const char text[32] __attribute__((aligned(16))) = "not from malloc";
    free((void *)(uintptr_t)text);
}

// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of a string the kernel put on the stack for the program.

#include "common/crime.h"

#include <unistd.h>

void crime(void)
{
    free((void *)((uintptr_t)environ[0] & ~(uintptr_t)15));
}

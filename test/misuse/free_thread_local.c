// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of a thread-local variable.

#include "common/crime.h"

void crime(void)
{
    static _Thread_local long variable[16] __attribute__((aligned(16)));
    free(variable);
}

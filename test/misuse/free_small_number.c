// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of a small number, as from a field of a NULL structure.

#include "common/crime.h"

void crime(void)
{
    free((void *)(uintptr_t)0x40);
}

// expect: abort "double free of" "size class 96\b"
// SPDX-License-Identifier: MIT
// delete, then free() of the same memory.

#include "common/crime.h"

#include <new>

void crime(void)
{
    char *block = new char[96];
    operator delete(block);
    free(block);
}

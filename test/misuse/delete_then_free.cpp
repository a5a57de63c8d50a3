// expect: abort "double free of" "{kind}"
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

// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// delete[] of a static variable.

#include "common/crime.h"

#include <new>

void crime(void)
{
    alignas(16) static char variable[96];
    operator delete[](static_cast<void *>(variable));
}

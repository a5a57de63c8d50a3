// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// delete of a local variable.

#include "common/crime.h"

#include <new>

void crime(void)
{
    alignas(16) char local[96];
    operator delete(static_cast<void *>(local));
}

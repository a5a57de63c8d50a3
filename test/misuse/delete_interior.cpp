// expect: abort "free of a pointer into the middle of a block:" "{kind}"
// kinds: small medium large
// SPDX-License-Identifier: MIT
// delete of a pointer past an array's start, as when a base class has no virtual destructor.

#include "common/crime.h"

#include <new>

void crime(void)
{
    operator delete(static_cast<char *>(get_block()) + 16);
}

// expect: quiet
// kinds: tiny small medium large huge
// SPDX-License-Identifier: MIT
// malloc with delete and new with free: undefined in C++, common in programs, accepted.

#include "../common/crime.h"

#include <new>

void crime(void)
{
    for (int i = 0; i < 3000; i++) {
        operator delete(malloc(block_size()));
        operator delete[](operator new(block_size()));
        free(operator new[](block_size()));
        operator delete(malloc(block_size()), block_size());
    }
}

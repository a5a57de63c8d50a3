// expect: abort "sized free with the wrong alignment of"
// SPDX-License-Identifier: MIT
// Sized, aligned delete with an alignment the block does not have.

#include "common/crime.h"

#include <new>

void crime(void)
{
    void *block = operator new(640, std::align_val_t(64));
    while ((reinterpret_cast<uintptr_t>(block) & 8191) == 0)
        block = operator new(640, std::align_val_t(64));
    operator delete(block, 640, std::align_val_t(8192));
}

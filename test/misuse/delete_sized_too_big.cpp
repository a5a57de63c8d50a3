// expect: abort "sized free with the wrong size of" "{kind}"
// kinds: small medium large huge
// SPDX-License-Identifier: MIT
// Sized delete with the size of the next class up, as when an object is deleted through another type.

#include "common/crime.h"

#include <new>

void crime(void)
{
    operator delete(operator new(block_size()), block_size() + block_size() / 4);
}

// expect: quiet
// SPDX-License-Identifier: MIT
// Every operator delete takes a null pointer.

#include "../common/crime.h"

#include <new>

void crime(void)
{
    void *none = nullptr;
    operator delete(none);
    operator delete[](none);
    operator delete(none, std::size_t(12345));
    operator delete[](none, std::size_t(12345));
    operator delete(none, std::align_val_t(64));
    operator delete[](none, std::align_val_t(64));
    operator delete(none, std::size_t(12345), std::align_val_t(64));
    operator delete[](none, std::size_t(12345), std::align_val_t(64));
    operator delete(none, std::nothrow);
    operator delete[](none, std::nothrow);
}

// expect: abort "free of a pointer into the middle of a block:" "{kind}"
// kinds: small medium large huge aligned
// SPDX-License-Identifier: MIT
// malloc_usable_size() of a pointer into the middle of a live block.

#include "common/crime.h"

void crime(void)
{
    void *block = (char *)get_block() + 16;
    (void)!malloc_usable_size(block);
}

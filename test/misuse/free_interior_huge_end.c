// expect: abort "free of a pointer acre did not allocate:"
// kinds: huge
// SPDX-License-Identifier: MIT
// free() of the last aligned address in a huge block: acre only knows the first pages of those.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free((char *)block + malloc_usable_size(block) - 16);
}

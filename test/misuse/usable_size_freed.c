// expect: abort "realloc or usable size of a freed block:" "{kind}"
// kinds: large huge
// SPDX-License-Identifier: MIT
// malloc_usable_size() of a freed large block; limits/usable_size_freed_small.c has the others.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free(block);
    (void)!malloc_usable_size(block);
}

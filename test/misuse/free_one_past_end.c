// expect: abort "^(double free of|free of a )"
// kinds: small medium large huge aligned
// SPDX-License-Identifier: MIT
// free() of the address just behind a block, where nothing lives.

#include "common/crime.h"

void crime(void)
{
    char *block = get_block();
    free(block + malloc_usable_size(block));
}

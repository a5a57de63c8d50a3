// expect: abort "free of a misaligned pointer" "{kind}"
// kinds: small medium large aligned
// SPDX-License-Identifier: MIT
// free() of the address of a live block's last byte.

#include "common/crime.h"

void crime(void)
{
    void *block = get_block();
    free((char *)block + malloc_usable_size(block) - 1);
}

// expect: abort "^(double free of|free of a )"
// kinds: small medium large huge aligned
// SPDX-License-Identifier: MIT
// free() of a pointer into a block that was freed and whose pages may be gone.

#include "common/crime.h"

void crime(void)
{
    hold_others(1000);
    char *block = get_block();
    free_others();
    free(block);
    malloc_trim(0);
    free(block + 16);
}

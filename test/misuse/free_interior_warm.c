// expect: abort "free of a pointer into the middle of a block:" "{kind}"
// kinds: small medium aligned
// SPDX-License-Identifier: MIT
// free() of a pointer 16 bytes into a live block when 1000 frees of the class came before.

#include "common/crime.h"

void crime(void)
{
    warm_up();
    free((char *)get_block() + 16);
}

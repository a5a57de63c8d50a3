// expect: abort "sized free with the wrong size of" "{kind}"
// kinds: small large
// SPDX-License-Identifier: MIT
// free_sized() with size 0 of a block that has more.

#include "common/crime.h"

void crime(void)
{
    free_sized(get_block(), 0);
}

// expect: abort "sized free with the wrong size of" "{kind}"
// kinds: small medium
// SPDX-License-Identifier: MIT
// free_sized() of a small block with a large size.

#include "common/crime.h"

void crime(void)
{
    free_sized(get_block(), 1000000);
}

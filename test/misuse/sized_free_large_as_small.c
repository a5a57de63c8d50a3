// expect: abort "sized free with the wrong size of" "{kind}"
// kinds: large huge
// SPDX-License-Identifier: MIT
// free_sized() of a large block with a small size.

#include "common/crime.h"

void crime(void)
{
    free_sized(get_block(), 100);
}

// expect: abort "sized free with the wrong size of" "{kind}"
// kinds: small medium large huge
// SPDX-License-Identifier: MIT
// free_sized() with a size of the next class up.

#include "common/crime.h"

void crime(void)
{
    free_sized(get_block(), block_size() + block_size() / 4);
}

// expect: quiet
// hardened: abort "sized free with the wrong size of" "{kind}"
// kinds: small medium large
// SPDX-License-Identifier: MIT
// free_sized() with a wrong size of the right size class.

#include "../common/crime.h"

void crime(void)
{
    free_sized(get_block(), block_size() - 1);
}

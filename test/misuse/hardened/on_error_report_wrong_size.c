// expect: report "sized free with the wrong size of" "{kind}"
// kinds: tiny small medium aligned large huge
// environment: ACRE_CONF=hardened=1,on_error=report
// SPDX-License-Identifier: MIT
// The block is freed all the same.

#include "../common/crime.h"

void crime(void)
{
    free_sized(get_block(), block_size() + 1);
}

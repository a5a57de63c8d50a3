// expect: trap "double free of" "{kind}"
// kinds: tiny small medium aligned large
// environment: ACRE_CONF=hardened=1,on_error=trap
// SPDX-License-Identifier: MIT
// The process ends by a trap instruction.

#include "../common/crime.h"

void crime(void)
{
    void *block = get_block();
    free(block);
    free(block);
}

// expect: abort "write past the end of" "size class 112\b"
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// The byte behind a block of calloc().

#include "../common/crime.h"

void crime(void)
{
    char *block = calloc(9, 11);
    block[99] = 1;
    free(block);
}

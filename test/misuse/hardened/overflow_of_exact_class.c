// expect: abort "write past the end of" "size class 80\b"
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// A request that would fill its size class is given a longer one.

#include "../common/crime.h"

void crime(void)
{
    char *block = malloc(64);
    block[64] ^= 1;
    free(block);
}

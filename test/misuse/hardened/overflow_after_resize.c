// expect: abort "write past the end of" "size class 112\b"
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// A block was made shorter in its place; what it lost is not its own any more.

#include "../common/crime.h"

void crime(void)
{
    char *block = realloc(malloc(110), 100);
    block[100] ^= 1;
    free(block);
}

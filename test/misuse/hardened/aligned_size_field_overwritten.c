// expect: abort "write past the end of" "size class"
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// The last bytes of an over-aligned block, where its size is kept, are overwritten.

#include "../common/crime.h"

void crime(void)
{
    char *block = aligned_alloc(64, 100);
    for (int i = 100; i < 128; i++)
        block[i] = 0x55;
    free(block);
}

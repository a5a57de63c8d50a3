// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// Free a block forged on the stack, sizes and all, to have malloc return it.

#include "../common/attack.h"

void crime(void)
{
    uintptr_t forged[20] __attribute__((aligned(16))) = {0};
    malloc(1);
    forged[1] = 0x40;
    forged[9] = 0x1234;
    free(&forged[2]);
    claim_malloc(0x30, forged, sizeof(forged));
}

// expect: abort "free of a pointer into the middle of a block:" "size class"
// SPDX-License-Identifier: MIT
// Free a block forged inside a live one, to have malloc return memory that is in use.

#include "../common/attack.h"

void crime(void)
{
    uintptr_t *live = claim(malloc(512), 512);
    live[3] = 0x40;
    live[11] = 0x1234;
    free(&live[4]);
    claim_malloc(0x30, NULL, 0);
}

// expect: quiet
// SPDX-License-Identifier: MIT
// Enlarge the size in front of a block, then free it: the next malloc would reach over its neighbour.

#include "../common/attack.h"

void crime(void)
{
    void *a = malloc(0x4f8);
    void *b = malloc(0x4f8);
    claim(malloc(0x80), 0x80);
    claim(a, 0x4e8);
    poke(b, 8, 0x581);
    free(b);
    claim_malloc(0x570, NULL, 0);
}

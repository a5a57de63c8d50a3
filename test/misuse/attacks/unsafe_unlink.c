// expect: quiet
// SPDX-License-Identifier: MIT
// Forge a free block inside a live one, overflow into the next one's header, and free that to have the two
// joined and the list links written through.

#include "../common/attack.h"

static uintptr_t *chunk;

void crime(void)
{
    chunk = claim(malloc(0x420), 0x420);
    uintptr_t *next = malloc(0x420);
    chunk[2] = (uintptr_t)&chunk - 24;
    chunk[3] = (uintptr_t)&chunk - 16;
    chunk[1] = 0x420;
    uintptr_t *before = chunk;
    poke(next, 16, 0x420);
    poke(next, 8, 0x430);
    free(next);
    if (chunk != before)
        lost("the attack worked: free wrote to the attacker's address");
    claim_malloc(0x420, NULL, 0);
    claim_malloc(0x840, NULL, 0);
}

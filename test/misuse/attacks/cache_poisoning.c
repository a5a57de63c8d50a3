// expect: quiet
// SPDX-License-Identifier: MIT
// Write a target's address into a freed block, then malloc twice to be given the target.

#include "../common/attack.h"

void crime(void)
{
    uintptr_t target[16] __attribute__((aligned(16))) = {0};
    void *a = malloc(128);
    void *b = malloc(128);
    free(a);
    free(b);
    poke(b, 0, (uintptr_t)target);
    poke(b, -8, (uintptr_t)target);
    for (int i = 0; i < 100; i++)
        claim_malloc(128, target, sizeof(target));
}

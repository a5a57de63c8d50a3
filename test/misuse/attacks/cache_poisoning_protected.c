// expect: quiet
// SPDX-License-Identifier: MIT
// As cache_poisoning.c, the address masked with its own position as glibc masks its links.

#include "../common/attack.h"

void crime(void)
{
    uintptr_t target[16] __attribute__((aligned(16))) = {0};
    void *a = malloc(128);
    void *b = malloc(128);
    free(a);
    free(b);
    poke(b, 0, (uintptr_t)target ^ ((uintptr_t)b >> 12));
    for (int i = 0; i < 100; i++)
        claim_malloc(128, target, sizeof(target));
}

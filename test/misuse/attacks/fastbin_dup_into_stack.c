// expect: abort "double free of" "size class"
// SPDX-License-Identifier: MIT
// Free A, B, A, then write the stack's address into A while it is both live and free.

#include "../common/attack.h"

void crime(void)
{
    uintptr_t target[8] __attribute__((aligned(16))) = {0, 0x20};
    void *a = malloc(24);
    void *b = malloc(24);
    free(a);
    free(b);
    free(a);
    poke(claim_malloc(24, target, sizeof(target)), 0, (uintptr_t)target);
    for (int i = 0; i < 3; i++)
        claim_malloc(24, target, sizeof(target));
}

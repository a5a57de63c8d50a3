// expect: quiet
// SPDX-License-Identifier: MIT
// Overflow behind the newest block with ones, then ask for as much as lies between it and the target.

#include "../common/attack.h"

static uintptr_t target[16] __attribute__((aligned(16)));

void crime(void)
{
    char *top = malloc(256);
    memset(top + malloc_usable_size(top), 0xff, 16);
    size_t distance = (uintptr_t)target - (uintptr_t)top - 64;
    if (distance > PTRDIFF_MAX && malloc(distance))
        lost("the attack worked: malloc gave a block of almost all memory");
    claim(top, 256);
    claim_malloc(100, target, sizeof(target));
    claim_malloc(256, target, sizeof(target));
}

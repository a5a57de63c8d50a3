// expect: quiet
// SPDX-License-Identifier: MIT
// The same with blocks that have their own mappings in other allocators.

#include "../common/attack.h"

void crime(void)
{
    enum { SIZE = 0x200000, PAGE = 4096 };
    char *a = claim(malloc(SIZE), SIZE);
    char *b = malloc(SIZE);
    int header_is_mapped = (uintptr_t)b % PAGE >= 16 || b == a + SIZE;
    if (header_is_mapped)
        poke(b, 8, 2 * (SIZE + PAGE) + 2);
    free(b);
    claim_malloc(3 * SIZE, NULL, 0);
    claim_malloc(SIZE, NULL, 0);
}

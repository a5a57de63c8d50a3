/* SPDX-License-Identifier: MIT
 *
 * attack.h -- what the attack programs share: has an attack on the heap reached its goal?
 *
 * Goals are those of the published attacks: two live blocks that overlap, or a block at an address of the
 * attacker's choice. An attack that reaches one ends its program through lost().
 */
#ifndef AC_TEST_ATTACK_H
#define AC_TEST_ATTACK_H

#include "crime.h"

#include <string.h>

enum { CLAIMS_MAX = 4096 };

struct claim {
    uintptr_t start;
    uintptr_t end;
};

static struct claim claims[CLAIMS_MAX];
static unsigned nclaims;

/* Take note of a live block; lost() when it shares a byte with one noted before. Returns the block. */
static inline void *claim(void *block, size_t size)
{
    struct claim mine = {(uintptr_t)block, (uintptr_t)block + size};
    if (!block || nclaims == CLAIMS_MAX)
        lost("claim: no block, or too many");
    for (unsigned i = 0; i < nclaims; i++)
        if (mine.start < claims[i].end && claims[i].start < mine.end)
            lost("the attack worked: two live blocks overlap");
    claims[nclaims++] = mine;
    return block;
}

/* malloc() whose result must be a block of its own, outside the attacker's target. */
static inline void *claim_malloc(size_t size, const void *target, size_t target_size)
{
    char *block = malloc(size);
    uintptr_t wanted = (uintptr_t)target;
    if ((uintptr_t)block < wanted + target_size && wanted < (uintptr_t)block + size)
        lost("the attack worked: malloc returned the attacker's address");
    return claim(block, size);
}

/* Write a fake word `back` bytes before a block's first byte or, with a negative `back`, after it. */
static inline void poke(void *block, ptrdiff_t back, uintptr_t word)
{
    memcpy((char *)block - back, &word, sizeof(word));
}

#endif

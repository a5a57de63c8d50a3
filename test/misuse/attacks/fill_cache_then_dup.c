// expect: abort "double free of" "size class"
// hardened: chance
// SPDX-License-Identifier: MIT
// Fill the thread cache first so that the double free goes another way than the first one.

#include "../common/attack.h"

enum { CACHE = 7 };

void crime(void)
{
    void *fill[CACHE];
    for (int i = 0; i < CACHE; i++)
        fill[i] = malloc(256);
    void *previous = malloc(256);
    void *victim = malloc(256);
    malloc(16);
    for (int i = 0; i < CACHE; i++)
        free(fill[i]);
    free(victim);
    free(previous);
    claim_malloc(256, NULL, 0);
    free(victim);
    for (int i = 0; i < 2 * CACHE; i++)
        claim_malloc(256, NULL, 0);
}

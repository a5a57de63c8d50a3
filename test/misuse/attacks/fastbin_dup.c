// expect: abort "double free of" "size class"
// SPDX-License-Identifier: MIT
// Free A, B, A so that malloc hands out A twice.

#include "../common/attack.h"

void crime(void)
{
    void *a = malloc(24);
    void *b = malloc(24);
    free(a);
    free(b);
    free(a);
    for (int i = 0; i < 3; i++)
        claim_malloc(24, NULL, 0);
}

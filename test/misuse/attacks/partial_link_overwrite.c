// expect: quiet
// SPDX-License-Identifier: MIT
// Change one byte of a freed block at a time: no value may bend a free list.

#include "../common/attack.h"

void crime(void)
{
    for (unsigned byte = 0; byte < 16; byte++) {
        char *a = malloc(128);
        char *b = malloc(128);
        free(a);
        free(b);
        b[byte] = (char)(b[byte] + 16);
        for (int i = 0; i < 20; i++)
            claim_malloc(128, NULL, 0);
    }
}

// expect: quiet
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// malloc_trim() while some blocks are live and others free.

#include "../common/crime.h"

void crime(void)
{
    static void *blocks[500];
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 500; i++)
            if (!blocks[i])
                blocks[i] = get_block();
        for (int i = round % 3; i < 500; i += 2) {
            free(blocks[i]);
            blocks[i] = NULL;
        }
        malloc_trim(0);
    }
}

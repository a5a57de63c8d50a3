// expect: abort "double free of" "{kind}"
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// One of 4000 blocks of a class, all freed, is freed again: its span may be gone.

#include "common/crime.h"

void crime(void)
{
    enum { COUNT = 4000 };
    static void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++)
        blocks[i] = get_block();
    for (int i = 0; i < COUNT; i++)
        free(blocks[i]);
    free(blocks[COUNT / 2]);
}

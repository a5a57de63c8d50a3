// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Freed twice by a thread that did not allocate it, with another foreign block between.

#include "common/crime.h"

static void *guilty(void *argument)
{
    void **blocks = argument;
    free(blocks[0]);
    free(blocks[1]);
    free(blocks[0]);
    return NULL;
}

void crime(void)
{
    start_threads(1);
    void *blocks[2] = {get_block(), get_block()};
    in_thread(guilty, blocks);
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// As double_free_remote.c past the first frees, while the allocating thread is still at work.

#include "common/crime.h"

static void *guilty(void *argument)
{
    void **blocks = argument;
    warm_up();
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
    warm_up();
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// A thread past its first frees frees a block twice and ends: caught when it gives up its cache.

#include "common/crime.h"

#include <unistd.h>

static void *guilty(void *unused)
{
    warm_up();
    void *block = get_block();
    void *other = get_block();
    free(block);
    free(other);
    free(block);
    return unused;
}

void crime(void)
{
    in_thread(guilty, NULL);
    _exit(0);
}

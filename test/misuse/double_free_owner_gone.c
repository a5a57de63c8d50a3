// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Allocated and freed by a thread that has ended; freed again by another.

#include "common/crime.h"

static void *allocate_and_free(void *unused)
{
    (void)unused;
    void *block = get_block();
    free(block);
    return block;
}

void crime(void)
{
    start_threads(1);
    free(in_thread(allocate_and_free, NULL));
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Allocated by a thread that has ended, then freed twice by another.

#include "common/crime.h"

void crime(void)
{
    start_threads(1);
    void *block = in_thread(get_block_act, NULL);
    free(block);
    free(block);
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Freed by the thread that allocated it, then by another.

#include "common/crime.h"

void crime(void)
{
    start_threads(1);
    void *block = get_block();
    free(block);
    in_thread(free_act, block);
}

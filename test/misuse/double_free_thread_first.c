// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Freed by another thread, then by the one that allocated it.

#include "common/crime.h"

void crime(void)
{
    start_threads(1);
    void *block = get_block();
    in_thread(free_act, block);
    free(block);
}

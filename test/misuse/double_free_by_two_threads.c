// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Freed by two threads one after the other, neither of which allocated it.

#include "common/crime.h"

void crime(void)
{
    start_threads(2);
    void *block = get_block();
    in_thread(free_act, block);
    in_thread(free_act, block);
}

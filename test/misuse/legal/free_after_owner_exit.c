// expect: quiet
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Blocks that outlive the thread that allocated them, freed by threads that never allocate.

#include "../common/crime.h"

void crime(void)
{
    for (int i = 0; i < 200; i++) {
        void *block = in_thread(get_block_act, NULL);
        void *other = in_thread(get_block_act, NULL);
        in_thread(free_act, block);
        free(other);
    }
}

// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// As double_free_orphan.c with another orphan freed between.

#include "common/crime.h"

void crime(void)
{
    start_threads(2);
    void *block = in_thread(get_block_act, NULL);
    void *other = in_thread(get_block_act, NULL);
    free(block);
    free(other);
    free(block);
}

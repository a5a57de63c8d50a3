// expect: abort "double free of" "{kind}"
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// As double_free_warm_after_another.c, followed by so many frees that the magazine is flushed: caught when
// its blocks reach their spans.

#include "common/crime.h"

void crime(void)
{
    warm_up();
    void *block = get_block();
    void *other = get_block();
    hold_others(3000);
    free(block);
    free(other);
    free(block);
    free_others();
}

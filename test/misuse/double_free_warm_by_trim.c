// expect: abort "double free of" "{kind}"
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// As double_free_warm_after_another.c, followed by malloc_trim(), which empties the magazines.

#include "common/crime.h"

#include <unistd.h>

void crime(void)
{
    warm_up();
    void *block = get_block();
    void *other = get_block();
    free(block);
    free(other);
    free(block);
    malloc_trim(0);
    _exit(0);
}

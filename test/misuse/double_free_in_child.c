// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// A forked child frees an inherited block twice.

#include "common/crime.h"

static void guilty(void *block)
{
    free(block);
    free(block);
}

void crime(void)
{
    in_child(guilty, get_block());
}

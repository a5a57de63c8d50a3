// expect: quiet
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Handlers that run at exit free and allocate.

#include "../common/crime.h"

static void *block;

static void last(void)
{
    free(get_block());
}

static void first(void)
{
    free(block);
    block = get_block();
}

void crime(void)
{
    atexit(last);
    warm_up();
    block = get_block();
    atexit(first);
}

// expect: abort "double free of" "{kind}"
// kinds: small medium large
// SPDX-License-Identifier: MIT
// The second free happens in an atexit handler, when main() has returned.

#include "common/crime.h"

static void *block;
static void *other;

static void at_exit(void)
{
    free(block);
    free(other);
    free(block);
}

void crime(void)
{
    warm_up();
    block = get_block();
    other = get_block();
    atexit(at_exit);
}

// expect: fault "in freed memory, at" "^(write|access) " "allocated by thread" "freed by thread"
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT
// A write to a freed block, by another thread than the one that freed it.

#include "../common/guarded.h"

static void *write_to(void *block)
{
    *(volatile char *)block = 1;
    return NULL;
}

void crime(void)
{
    char *block = get_guarded(true);
    start_threads(1);
    free(block);
    in_thread(write_to, block);
}

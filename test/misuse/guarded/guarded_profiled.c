// expect: fault "in freed memory, at" "^(write|access) " "allocated by thread" "freed by thread"
// environment: ACRE_CONF=guard_every=1,profile=1
// SPDX-License-Identifier: MIT
// A write to a freed block while the profiler is on, which has bins of its own.

#include "../common/guarded.h"

void crime(void)
{
    char *block = get_guarded(true);
    free(block);
    *(volatile char *)block = 1;
}

// expect: abort "double free of" "37 bytes asked for, guarded block" "allocated by thread" "freed by thread"
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT

#include "../common/guarded.h"

void crime(void)
{
    char *block = get_guarded(true);
    free(block);
    free(block);
}

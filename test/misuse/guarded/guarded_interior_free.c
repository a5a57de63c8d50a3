// expect: abort "free of a pointer into the middle of a block:" "37 bytes asked for" "allocated by thread"
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT

#include "../common/guarded.h"

void crime(void)
{
    free(get_guarded(true) + 16);
}

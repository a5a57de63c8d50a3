// expect: abort "sized free with the wrong size of" "37 bytes asked for, guarded block"
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT
// 38 bytes are of the same size class; here the size is known to the byte.

#include "../common/guarded.h"

void crime(void)
{
    free_sized(get_guarded(true), GUARDED_BYTES + 1);
}

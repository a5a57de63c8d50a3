// expect: abort "free of a block that was never allocated:" "{kind}"
// hardened: abort "free of a " "{kind}"
// kinds: tiny small
// SPDX-License-Identifier: MIT
// free() of a slot far behind the first block of a class: its span is live, the slot was never handed out.

#include "common/crime.h"

void crime(void)
{
    size_t slot = malloc_usable_size(get_block());
    free((char *)get_block() + 150 * slot);
}

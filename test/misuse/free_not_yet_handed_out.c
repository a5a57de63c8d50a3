// expect: abort "(double free of|free of a block that was never allocated:)" "{kind}"
// hardened: abort "free of " "{kind}"
// kinds: tiny small medium
// SPDX-License-Identifier: MIT
// free() of the slot that comes next: never handed out to the program, at most to a magazine.

#include "common/crime.h"

void crime(void)
{
    char *block = get_block();
    free(block + malloc_usable_size(block));
}

// expect: abort "free of a pointer into the middle of a block:" "{kind}"
// kinds: small medium large aligned
// SPDX-License-Identifier: MIT
// A thread that did not allocate the block frees a pointer into the middle of it.

#include "common/crime.h"

void crime(void)
{
    in_thread(free_act, (char *)get_block() + 16);
}

// expect: abort "realloc or usable size of a freed block:" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// realloc() of a freed block of any kind, when 1000 frees of the class came before.

#include "../common/crime.h"

void crime(void)
{
    warm_up();
    void *block = get_block();
    free(block);
    free(realloc(block, block_size() * 2));
}

// expect: abort "realloc or usable size of a freed block:" "{kind}"
// kinds: tiny small medium large huge aligned
// environment: ACRE_CONF=hardened=1
// SPDX-License-Identifier: MIT
// malloc_usable_size() of a freed block of any kind.

#include "../common/crime.h"

void crime(void)
{
    warm_up();
    void *block = get_block();
    free(block);
    malloc_usable_size(block);
}

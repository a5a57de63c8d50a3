// expect: quiet
// hardened: chance
// kinds: tiny small medium large
// SPDX-License-Identifier: MIT
// The address was handed out again before the second free, which so frees the new owner's block.

#include "../common/crime.h"

void crime(void)
{
    void *stale = get_block();
    free(stale);
    void *owner = get_block();
    if (owner != stale)
        lost("the address did not come back at once: this program needs that");
    free(stale);
}

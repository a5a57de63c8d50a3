// expect: quiet
// hardened: abort "realloc or usable size of a freed block:" "{kind}"
// kinds: tiny small medium aligned
// SPDX-License-Identifier: MIT
// malloc_usable_size() of a freed small block that is still in the thread's cache; it is given the old size.

#include "../common/crime.h"

void crime(void)
{
    void *block = get_block();
    size_t usable = malloc_usable_size(block);
    free(block);
    if (malloc_usable_size(block) != usable)
        lost("the usable size has changed");
}

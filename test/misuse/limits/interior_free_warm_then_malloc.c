// expect: quiet
// hardened: abort "free of a pointer into the middle of a block:" "{kind}"
// SPDX-License-Identifier: MIT
// Past the first frees of a class, a pointer into the middle of a block goes unnoticed when malloc hands it
// out before the magazine is flushed.

#include "../common/crime.h"

void crime(void)
{
    warm_up();
    char *block = get_block();
    free(block + 16);
    if (get_block() != (void *)(block + 16))
        lost("this did no harm any more: move the program to the crimes and mend SECURITY.md");
}

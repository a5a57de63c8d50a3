// expect: quiet
// hardened: abort "double free of" "{kind}"
// SPDX-License-Identifier: MIT
// _exit() runs no check: a double free that still sits in a magazine is not reported.

#include "../common/crime.h"

#include <unistd.h>

void crime(void)
{
    warm_up();
    void *block = get_block();
    void *other = get_block();
    free(block);
    free(other);
    free(block);
    _exit(0);
}

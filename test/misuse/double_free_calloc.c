// expect: abort "double free of" "{kind}"
// kinds: small large
// SPDX-License-Identifier: MIT
// A zeroed block freed twice.

#include "common/crime.h"

void crime(void)
{
    void *block = calloc(1, block_size());
    free(block);
    free(block);
}

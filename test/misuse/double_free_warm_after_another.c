// expect: abort "double free of" "{kind}"
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// As double_free_after_another.c when 1000 frees of the class came before: caught at exit at the latest.

#include "common/crime.h"

void crime(void)
{
    warm_up();
    void *block = get_block();
    void *other = get_block();
    free(block);
    free(other);
    free(block);
}

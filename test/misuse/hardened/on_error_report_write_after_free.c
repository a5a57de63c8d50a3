// expect: report "write to freed memory at" "{kind}"
// kinds: tiny small
// environment: ACRE_CONF=hardened=1,on_error=report
// SPDX-License-Identifier: MIT
// What was written is cleared before the block goes out.

#include "../common/crime.h"

void crime(void)
{
    char *block = get_block();
    free(block);
    block[0] = 1;
    for (int i = 0; i < 3000; i++)
        if (*(char *)calloc(1, block_size()) != 0)
            lost("calloc gave a block that is not zero");
}

// expect: report "double free of" "{kind}"
// kinds: tiny small medium aligned
// environment: ACRE_CONF=hardened=1,on_error=report
// SPDX-License-Identifier: MIT
// The second free is reported and not made: the block is handed out once.

#include "../common/crime.h"

void crime(void)
{
    void *block = get_block();
    free(block);
    free(block);
    uintptr_t last = 0;
    for (int i = 0; i < 3000; i++) {
        void *next = get_block();
        if (next == block && last++ > 0)
            lost("the block was handed out twice");
    }
}

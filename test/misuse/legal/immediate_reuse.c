// expect: quiet
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// The address just freed comes back from malloc and is freed again, which is no double free.

#include "../common/crime.h"

void crime(void)
{
    for (int i = 0; i < 3000; i++) {
        void *first = get_block();
        void *second = get_block();
        free(first);
        free(second);
        free(get_block());
    }
}

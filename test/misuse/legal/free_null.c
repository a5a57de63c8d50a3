// expect: quiet
// SPDX-License-Identifier: MIT
// Every way to free nothing.

#include "../common/crime.h"

void crime(void)
{
    free(NULL);
    free_sized(NULL, 12345);
    free_aligned_sized(NULL, 64, 640);
    if (malloc_usable_size(NULL) != 0)
        lost("malloc_usable_size(NULL) is not 0");
    free(realloc(NULL, 100));
    free(malloc(0));
}

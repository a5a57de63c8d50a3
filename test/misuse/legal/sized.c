// expect: quiet
// SPDX-License-Identifier: MIT
// free_sized() with the size asked for, of malloc, calloc and realloc blocks of all sizes.

#include "../common/crime.h"

static void one(size_t size)
{
    free_sized(malloc(size), size);
    free_sized(calloc(1, size), size);
    free_sized(realloc(malloc(size), size + 5), size + 5);
    free_sized(realloc(malloc(size + size / 3), size + 1), size + 1);
}

void crime(void)
{
    for (size_t size = 0; size < 40000; size += size < 1100 ? 1 : 7)
        one(size);
    for (size_t size = 40000; size < 20000000; size += size / 7)
        one(size);
}

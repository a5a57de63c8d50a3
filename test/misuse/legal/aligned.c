// expect: quiet
// SPDX-License-Identifier: MIT
// Every alignment to a megabyte with many sizes, freed by free() and by free_aligned_sized().

#include "../common/crime.h"

static void one(size_t alignment, size_t size)
{
    void *first = aligned_alloc(alignment, size);
    void *second = aligned_alloc(alignment, size);
    if (((uintptr_t)first | (uintptr_t)second) & (alignment - 1))
        lost("a block is not aligned as asked");
    free(first);
    free_aligned_sized(second, alignment, size);
}

void crime(void)
{
    for (size_t alignment = 1; alignment <= 1 << 20; alignment *= 2)
        for (size_t size = 0; size < 300000; size += size / 5 + 1)
            one(alignment, size);
}

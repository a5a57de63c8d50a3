// expect: quiet
// SPDX-License-Identifier: MIT
// Sizes and products that wrap around must not become small blocks.

#include "../common/attack.h"

static void must_fail(void *block)
{
    if (block)
        lost("the attack worked: a request beyond all memory was granted");
}

void crime(void)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 4095, PTRDIFF_MAX + (size_t)1};
    void *block = malloc(100);
    free(malloc(24));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];
        must_fail(malloc(size));
        must_fail(calloc(1, size));
        must_fail(calloc(size / 16 + 2, 16));
        must_fail(realloc(block, size));
        must_fail(reallocarray(block, size / 8 + 2, 8));
        must_fail(aligned_alloc(4096, size));
        must_fail(memalign(64, size));
        must_fail(pvalloc(size));
        must_fail(valloc(size));
    }
    free(block);
}

// expect: quiet
// SPDX-License-Identifier: MIT
// One block grown from a byte to megabytes and back, its contents kept all the way.

#include "../common/crime.h"

enum { MARK = 64, STEPS = 300 };

static void check(const unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size && i < MARK; i++)
        if (block[i] != (unsigned char)(i + 1))
            lost("realloc lost the contents");
}

void crime(void)
{
    unsigned char *block = NULL;
    size_t size = 0;
    for (int step = 0; step < STEPS; step++) {
        size_t next = step < STEPS / 2 ? size + size / 9 + 1 : size - size / 9 - (size > 9);
        block = realloc(block, next);
        if (!block)
            lost("realloc returned NULL");
        check(block, size < next ? size : next);
        for (size_t i = 0; i < next && i < MARK; i++)
            block[i] = (unsigned char)(i + 1);
        size = next;
    }
    free(block);
}

/* SPDX-License-Identifier: MIT
 *
 * zero_size.c -- a block of no bytes is a block: not NULL, unlike every other, aligned, with room, freeable.
 */
#include <malloc.h>

#include "support/family.h"

enum { PER_FUNCTION = 64 };

static void *blocks[FAMILY_COUNT * PER_FUNCTION];

static int by_address(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    return (left > right) - (left < right);
}

static size_t allocate_all(void)
{
    size_t count = 0;
    for (const struct family *row = NULL; (row = family_next(row));) {
        CHECK_CASE("%s", row->name);
        for (int i = 0; i < PER_FUNCTION; i++) {
            errno = 0;
            char *block = family_alloc(row, 0);
            CHECK(block);
            CHECK_ERRNO(0);
            CHECK_EQ((uintptr_t)block % row->alignment, 0);
            CHECK(malloc_usable_size(block) > 0);
            block[0] = 'x';
            blocks[count++] = block;
        }
    }
    return count;
}

static void zero_products(void)
{
    void *made[] = {
        calloc(check_opaque(0), 0),
        calloc(check_opaque(0), check_opaque(SIZE_MAX)),
        calloc(check_opaque(SIZE_MAX), check_opaque(0)),
        reallocarray(NULL, check_opaque(0), check_opaque(SIZE_MAX)),
        reallocarray(NULL, check_opaque(SIZE_MAX), check_opaque(0)),
    };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        CHECK_CASE("zero product %zu", i);
        CHECK(made[i]);
        for (size_t k = 0; k < i; k++)
            CHECK(made[k] != made[i]);
    }
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        free(made[i]);
}

int main(void)
{
    family_open();
    for (int round = 0; round < 3; round++) {
        size_t count = allocate_all();
        qsort(blocks, count, sizeof blocks[0], by_address);
        CHECK_CASE("%s", "all functions together");
        for (size_t i = 1; i < count; i++)
            CHECK(blocks[i] != blocks[i - 1]);
        for (size_t i = 0; i < count; i++)
            free(blocks[i]);
    }
    zero_products();
    return 0;
}

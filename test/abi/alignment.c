/* SPDX-License-Identifier: MIT
 *
 * alignment.c -- every function's blocks have its alignment, at least 16, for all sizes 1 to 70000.
 *
 * A few blocks are held at a time, so that sizes are met at many places of a span.
 */
#include <malloc.h>

#include "support/family.h"

enum { LAST_SIZE = 70000, HELD = 9, EVERY_SIZE_UP_TO = 1100, PLAIN_STEP = 1, OTHER_STEP = 13 };

static void *held[HELD];

static void check_one(const struct family *row, size_t size)
{
    char *block = family_alloc(row, size);
    size_t alignment = row->alignment < 16 ? 16 : row->alignment;
    if (!block || (uintptr_t)block % alignment != 0 || malloc_usable_size(block) < size) {
        CHECK_CASE("%s, size %zu, block %p", row->name, size, (void *)block);
        CHECK(block);
        CHECK_EQ((uintptr_t)block % alignment, 0);
        CHECK_LE(size, malloc_usable_size(block));
    }
    block[0] = block[size - 1] = 'x';
    free(held[size % HELD]);
    held[size % HELD] = block;
}

static void release_held(void)
{
    for (int i = 0; i < HELD; i++) {
        free(held[i]);
        held[i] = NULL;
    }
}

/* realloc of a block that exists: 16 remains, whatever the block's own alignment was. */
static void realloc_keeps_sixteen(void)
{
    for (size_t from = 1; from < 5000; from += 7) {
        for (size_t to = 1; to < 40000; to = to * 3 + 1) {
            CHECK_CASE("realloc from %zu to %zu", from, to);
            void *block = realloc(check_escape(malloc(from)), to);
            CHECK(block);
            CHECK_EQ((uintptr_t)block % 16, 0);
            free(block);
        }
    }
}

int main(void)
{
    family_open();
    for (const struct family *row = NULL; (row = family_next(row));) {
        bool plain = strcmp(row->name, "malloc") == 0 || strcmp(row->name, "calloc") == 0;
        size_t step = plain ? PLAIN_STEP : OTHER_STEP;
        for (size_t size = 1; size <= LAST_SIZE; size += size < EVERY_SIZE_UP_TO ? 1 : step)
            check_one(row, size);
        release_held();
    }
    realloc_keeps_sixteen();
    return 0;
}

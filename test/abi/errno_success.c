/* SPDX-License-Identifier: MIT
 *
 * errno_success.c -- a call that succeeds leaves errno as it was, for every function and size, first use
 * included.
 */
#include <malloc.h>

#include "support/family.h"

enum { MARK = 4711, HELD = 6 };

static const size_t sizes[] = {
    0,        1,        16,        17,    100,    128,    129,     1000,          4096,          8192,
    10000,    32768,    32769,     65536, 100000, 262144, 1 << 20, (2 << 20) - 1, (2 << 20) + 1, 5 << 20,
    17 << 20, 64 << 20, 200 << 20,
};

static void check_family(size_t size)
{
    void *held[HELD];
    for (const struct family *row = NULL; (row = family_next(row));) {
        CHECK_CASE("%s, size %zu", row->name, size);
        for (int i = 0; i < HELD; i++) {
            errno = MARK;
            held[i] = family_alloc(row, size);
            CHECK_ERRNO(MARK);
            CHECK(held[i]);
        }
        for (int i = 0; i < HELD; i++)
            free(held[i]);
    }
}

static void check_realloc(size_t from, size_t to)
{
    CHECK_CASE("realloc from %zu to %zu", from, to);
    void *block = malloc(from);
    CHECK(block);
    errno = MARK;
    block = realloc(block, to);
    CHECK_ERRNO(MARK);
    CHECK(!block == !to);
    free(block);
}

static void check_queries(void)
{
    void *block = malloc(100);
    errno = MARK;
    (void)malloc_usable_size(block);
    CHECK_ERRNO(MARK);
    (void)malloc_usable_size(NULL);
    CHECK_ERRNO(MARK);
    (void)mallinfo2();
    CHECK_ERRNO(MARK);
    (void)malloc_trim(0);
    CHECK_ERRNO(MARK);
    (void)mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    CHECK_ERRNO(MARK);
    free(block);
}

int main(void)
{
    family_open();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_family(sizes[i]);
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
            check_realloc(sizes[i], sizes[k]);
    }
    check_queries();
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * prefixed.c -- acre.h's functions keep the promises written there. Built three ways: linked with
 * libacre.so.1 beside libc's malloc, statically with acre.o, and under the preload library.
 */
#include <limits.h>

#include <acre/acre.h>

#include "support/check.h"
#include "support/memory.h"

enum { MARK = 4711, HELD = 40 };

static const size_t too_large[] = {
    SIZE_MAX,    SIZE_MAX - 1,    SIZE_MAX - 16,   SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1,
    PTRDIFF_MAX, (size_t)1 << 62, (size_t)1 << 50,
};

static void version(void)
{
    CHECK(strcmp(acre_version(), ACRE_VERSION_STRING) == 0);
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", ACRE_VERSION_MAJOR, ACRE_VERSION_MINOR, ACRE_VERSION_PATCH);
    CHECK(strcmp(text, ACRE_VERSION_STRING) == 0);
}

static void good_size_is_usable_size(size_t size)
{
    CHECK_CASE("good size of %zu", size);
    errno = MARK;
    size_t good = acre_good_size(size);
    CHECK_ERRNO(MARK);
    void *block = acre_malloc(size);
    CHECK_ERRNO(MARK);
    CHECK(block);
    CHECK_EQ((uintptr_t)block % 16, 0);
    CHECK_EQ(acre_usable_size(block), good);
    CHECK_LE(size, good);
    CHECK_EQ(acre_good_size(good), good);
    void *zeroed = acre_calloc(1, size);
    CHECK_EQ(acre_usable_size(zeroed), good);
    void *grown = acre_realloc(acre_malloc(size / 3 + 1), size + (size == 0));
    CHECK_EQ(acre_usable_size(grown), acre_good_size(size + (size == 0)));
    acre_free(block);
    acre_free_sized(zeroed, size);
    acre_free(grown);
    CHECK_ERRNO(MARK);
}

static void good_sizes(void)
{
    size_t last = 0;
    for (size_t size = 0; size <= 70000; size++) {
        good_size_is_usable_size(size);
        CHECK_LE(last, acre_good_size(size));
        last = acre_good_size(size);
    }
    for (unsigned shift = 17; shift < 30; shift++) {
        for (int offset = -2; offset <= 2; offset++)
            good_size_is_usable_size(((size_t)1 << shift) + (size_t)offset);
    }
    for (size_t i = 0; i <= 6; i++) {
        CHECK_CASE("good size of 0x%zx", too_large[i]);
        if (too_large[i] > PTRDIFF_MAX)
            CHECK_EQ(acre_good_size(too_large[i]), too_large[i]);
        CHECK_LE(too_large[i], acre_good_size(too_large[i]));
    }
}

static void refusals(void)
{
    char *block = acre_malloc(100), untouched = 0;
    CHECK(block);
    memory_fill(block, 100, 1, 1);
    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) {
        size_t size = check_opaque(too_large[i]);
        void *out = &untouched;
        CHECK_CASE("size 0x%zx", size);
        errno = 0;
        CHECK_EQ(acre_malloc(size), NULL);
        CHECK_ERRNO(ENOMEM);
        errno = 0;
        CHECK_EQ(acre_calloc(1, size), NULL);
        CHECK_ERRNO(ENOMEM);
        errno = 0;
        CHECK_EQ(acre_calloc(size / 2, 3), NULL);
        CHECK_ERRNO(ENOMEM);
        errno = 0;
        CHECK_EQ(acre_realloc(block, size), NULL);
        CHECK_ERRNO(ENOMEM);
        errno = 0;
        CHECK_EQ(acre_reallocarray(block, 3, size), NULL);
        CHECK_ERRNO(ENOMEM);
        errno = 0;
        CHECK_EQ(acre_aligned_alloc(4096, size), NULL);
        CHECK_ERRNO(ENOMEM);
        errno = 0;
        CHECK_EQ(acre_posix_memalign(&out, 64, size), ENOMEM);
        CHECK_ERRNO(ENOMEM);
        CHECK_EQ(out, &untouched);
    }
    CHECK(memory_holds(block, 100, 1, 1));
    acre_free(block);
}

static void bad_alignments(void)
{
    static const size_t alignments[] = {0, 3, 24, 65, 4097, SIZE_MAX};
    char untouched = 0;
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
        void *out = &untouched;
        CHECK_CASE("alignment %zu", alignments[i]);
        errno = 0;
        CHECK_EQ(acre_aligned_alloc(check_opaque(alignments[i]), 64), NULL);
        CHECK_ERRNO(EINVAL);
        CHECK_EQ(acre_posix_memalign(&out, alignments[i], 64), EINVAL);
        CHECK_EQ(out, &untouched);
    }
}

static void aligned_blocks(void)
{
    for (size_t alignment = 1; alignment <= 4u << 20; alignment *= 2) {
        for (size_t size = 0; size < 200000; size = size * 3 + 1) {
            CHECK_CASE("alignment %zu, size %zu", alignment, size);
            char *block = acre_aligned_alloc(check_opaque(alignment), size);
            CHECK(block);
            CHECK_EQ((uintptr_t)block % alignment, 0);
            CHECK_LE(size, acre_usable_size(block));
            memset(block, 1, acre_usable_size(block));
            acre_free_aligned_sized(block, alignment, size);
        }
    }
}

static void zero_and_null(void)
{
    void *blocks[HELD];
    for (int i = 0; i < HELD; i++) {
        blocks[i] = i % 2 ? acre_malloc(0) : acre_realloc(NULL, 0);
        CHECK(blocks[i]);
        for (int k = 0; k < i; k++)
            CHECK(blocks[k] != blocks[i]);
    }
    for (int i = 0; i < HELD; i++)
        acre_free(blocks[i]);
    acre_free(NULL);
    acre_free_sized(NULL, 100);
    acre_free_aligned_sized(NULL, 64, 100);
    CHECK_EQ(acre_usable_size(NULL), 0);
    errno = MARK;
    CHECK_EQ(acre_realloc(acre_malloc(100), 0), NULL);
    CHECK_ERRNO(MARK);
}

static void contents(void)
{
    size_t size = 1;
    char *block = acre_malloc(size);
    memory_fill(block, size, 5, 1);
    while (size < 6u << 20) {
        block = acre_reallocarray(block, size, 3);
        CHECK(block);
        CHECK(memory_holds(block, size, 5, 1));
        size *= 3;
        memory_fill(block, size, 5, 1);
    }
    acre_free(block);
    block = acre_calloc(1000, 1000);
    CHECK(block && memory_is_zero(block, acre_usable_size(block)));
    acre_free(block);
}

static void trim(void)
{
    enum { BYTES = 40 << 20 };
    char *block = acre_malloc(BYTES);
    CHECK(block);
    memset(block, 1, BYTES);
    block = acre_realloc(block, 100);
    acre_free(block);
    int result = acre_trim(0);
    CHECK(result == 0 || result == 1);
    for (int i = 0; i < 4 && result == 1; i++)
        result = acre_trim(0);
    CHECK_EQ(result, 0);
}

int main(void)
{
    version();
    good_sizes();
    refusals();
    bad_alignments();
    aligned_blocks();
    zero_and_null();
    contents();
    trim();
    return 0;
}

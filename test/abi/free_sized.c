/* SPDX-License-Identifier: MIT
 *
 * free_sized.c -- C23's free_sized and free_aligned_sized: NULL with any size, the requested size, and any
 * size that falls into the block's class, for every way to make a block.
 */
#include <malloc.h>

#include "support/family.h"

enum { HELD = 4, LAST_SMALL_SIZE = 70000 };

typedef void sized_function(void *, size_t);
typedef void aligned_sized_function(void *, size_t, size_t);

static const size_t odd_sizes[] = {0, 1, 16, 4096, (size_t)1 << 40, PTRDIFF_MAX, SIZE_MAX};
static const size_t big_sizes[] = {100000, 131072, 262143, 300001, 1 << 20, (2 << 20) + 1, 7 << 20, 40 << 20};

enum {
    ODD_COUNT = sizeof odd_sizes / sizeof odd_sizes[0],
    BIG_COUNT = sizeof big_sizes / sizeof big_sizes[0],
};

/* A block made by one of the functions whose blocks free_sized may take. */
static void *make(size_t way, size_t size)
{
    void *block = NULL;
    switch (way % 4) {
    case 0:
        block = malloc(size);
        break;
    case 1:
        block = calloc(1, size);
        break;
    case 2:
        block = realloc(check_escape(malloc(size / 2 + 1)), size + (size == 0));
        break;
    case 3:
        block = realloc(check_escape(malloc(size * 2 + 1)), size + (size == 0));
        break;
    }
    CHECK(block);
    return block;
}

static void sizes_of(sized_function *release, size_t size)
{
    for (size_t way = 0; way < HELD; way++) {
        CHECK_CASE("size %zu, way %zu", size, way);
        char *block = make(way, size);
        memset(block, 1, size < 4096 ? size : 4096);
        errno = 4711;
        release(block, size + (way >= 2 && size == 0));
        CHECK_ERRNO(4711);
        block = make(way, size);
        release(block, malloc_usable_size(block));
    }
}

static void check_sized(sized_function *release)
{
    for (size_t i = 0; i < ODD_COUNT; i++)
        release(NULL, odd_sizes[i]);
    for (size_t size = 0; size < LAST_SMALL_SIZE; size += size < 3000 ? 1 : 61)
        sizes_of(release, size);
    for (size_t i = 0; i < BIG_COUNT; i++)
        sizes_of(release, big_sizes[i]);
}

static void aligned_sizes_of(aligned_sized_function *release, size_t alignment, size_t size)
{
    CHECK_CASE("alignment %zu, size %zu", alignment, size);
    char *held[HELD];
    for (int i = 0; i < HELD; i++) {
        held[i] = aligned_alloc(alignment, size);
        CHECK(held[i]);
        memset(held[i], 1, size < 4096 ? size : 4096);
    }
    for (int i = 0; i < HELD; i++) {
        errno = 4711;
        release(held[i], alignment, size);
        CHECK_ERRNO(4711);
    }
}

static void check_aligned(aligned_sized_function *release)
{
    for (size_t i = 0; i < ODD_COUNT * ODD_COUNT; i++)
        release(NULL, odd_sizes[i / ODD_COUNT], odd_sizes[i % ODD_COUNT]);
    for (size_t alignment = 1; alignment <= 2u << 20; alignment *= 2) {
        for (size_t size = 0; size < 5000; size = size + size / 16 + 1)
            aligned_sizes_of(release, alignment, size);
        for (size_t size = 5000; size < 9u << 20; size = size * 3 + 7)
            aligned_sizes_of(release, alignment, size);
        aligned_sizes_of(release, alignment, alignment * 3);
    }
}

int main(void)
{
    static const char *const sized[] = {"free_sized", "acre_free_sized"};
    static const char *const aligned[] = {"free_aligned_sized", "acre_free_aligned_sized"};
    for (size_t i = 0; i < 2; i++) {
        void *release = dlsym(RTLD_DEFAULT, sized[i]), *release_aligned = dlsym(RTLD_DEFAULT, aligned[i]);
        CHECK(!family_on_acre() || (release && release_aligned));
        if (!release || !release_aligned)
            check_skip("this libc has no free_sized");
        check_sized((sized_function *)release);
        check_aligned((aligned_sized_function *)release_aligned);
    }
    return 0;
}

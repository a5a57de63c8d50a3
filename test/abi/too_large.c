/* SPDX-License-Identifier: MIT
 *
 * too_large.c -- a size over PTRDIFF_MAX, or just not to be had, gives NULL and ENOMEM from every function.
 *
 * The sizes are those that wrap to something small when alignment, header or rounding is added before the
 * check, for every alignment; each is asked after a small block was freed, when a cached one lies ready to be
 * returned by mistake.
 */
#include <malloc.h>

#include "support/family.h"

enum { NEAR = 70, SURE_ENOMEM_SHIFT = 40 };

static size_t sizes[512];
static size_t size_count;

static void add_size(size_t size)
{
    CHECK(size_count < sizeof sizes / sizeof sizes[0]);
    sizes[size_count++] = size;
}

static void make_sizes(void)
{
    size_t limit = PTRDIFF_MAX;
    for (size_t i = 0; i < NEAR; i++) {
        add_size(SIZE_MAX - i);
        add_size(limit - i);
        add_size(limit + 1 + i);
    }
    for (unsigned shift = 6; shift < 60; shift++) {
        size_t step = (size_t)1 << shift;
        add_size(SIZE_MAX - step + 1);
        add_size(SIZE_MAX - step);
        add_size(limit - step);
        add_size(limit + step);
    }
    for (unsigned shift = 48; shift < 63; shift++)
        add_size((size_t)1 << shift);
}

static void prime_caches(void)
{
    static const size_t small[] = {1, 16, 24, 64, 200, 1000, 4096};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        free(check_escape(malloc(small[i])));
}

static void check_refused(const struct family *row, size_t alignment, size_t size)
{
    errno = 0;
    void *block = family_alloc_aligned(row, alignment, size);
    int error = errno;
    if (!block && error == ENOMEM)
        return;
    /* An alignment no address has may be judged before the size is. */
    if (!block && error == EINVAL && alignment >> SURE_ENOMEM_SHIFT)
        return;
    CHECK_CASE("%s, size 0x%zx, alignment 0x%zx", row->name, size, alignment);
    CHECK_EQ(block, NULL);
    CHECK_EQ(error, ENOMEM);
}

static void every_function(void)
{
    for (const struct family *row = NULL; (row = family_next(row));) {
        prime_caches();
        for (size_t i = 0; i < size_count; i++)
            check_refused(row, row->alignment, sizes[i]);
    }
}

static void every_alignment(void)
{
    for (const struct family *row = NULL; (row = family_next(row));) {
        /* glibc 2.30 to 2.42 returns blocks here (CVE-2026-0861): the rule is tested on acre. */
        if (!family_takes_alignment(row) || !family_on_acre())
            continue;
        for (unsigned shift = 3; shift < 64; shift++) {
            for (size_t i = 0; i < size_count; i++)
                check_refused(row, (size_t)1 << shift, sizes[i]);
        }
    }
}

/* A block that exists outlives a realloc that is refused, contents and all. */
static void realloc_refused(void *(*resize)(void *, size_t), size_t old_size)
{
    unsigned char *block = malloc(old_size);
    CHECK(block);
    memset(block, 0x5a, old_size);
    size_t usable = malloc_usable_size(block);
    for (size_t i = 0; i < size_count; i++) {
        CHECK_CASE("realloc from %zu to 0x%zx", old_size, sizes[i]);
        errno = 0;
        CHECK_EQ(resize(block, sizes[i]), NULL);
        CHECK_ERRNO(ENOMEM);
        CHECK(block[0] == 0x5a && block[old_size - 1] == 0x5a);
        CHECK_EQ(malloc_usable_size(block), usable);
    }
    for (size_t i = 0; i < old_size; i++)
        CHECK_EQ(block[i], 0x5a);
    free(block);
}

int main(void)
{
    static const size_t old_sizes[] = {1, 24, 100, 4096, 40000, 300000, 5 << 20};
    static const char *const names[] = {"realloc", "__libc_realloc", "acre_realloc"};
    family_open();
    make_sizes();
    every_function();
    every_alignment();
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        void *resize = dlsym(RTLD_DEFAULT, names[k]);
        for (size_t i = 0; resize && i < sizeof old_sizes / sizeof old_sizes[0]; i++)
            realloc_refused((void *(*)(void *, size_t))resize, old_sizes[i]);
    }
    return 0;
}

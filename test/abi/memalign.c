/* SPDX-License-Identifier: MIT
 *
 * memalign.c -- memalign, valloc and pvalloc as glibc has them: 16 and less is malloc, an alignment that is
 * no power of two is rounded up, one over SIZE_MAX/2+1 is EINVAL, pages are those of the running system.
 */
#include <malloc.h>

#include "support/family.h"

typedef void *memalign_function(size_t, size_t);
typedef void *page_function(size_t);

static void check_rounded(memalign_function *make, size_t alignment, size_t rounded, size_t size)
{
    CHECK_CASE("memalign(%zu, %zu)", alignment, size);
    errno = 4711;
    char *block = make(alignment, size);
    CHECK(block);
    CHECK_ERRNO(4711);
    CHECK_EQ((uintptr_t)block % rounded, 0);
    CHECK_LE(size, malloc_usable_size(block));
    memset(block, 1, malloc_usable_size(block));
    free(block);
}

static void rounding(memalign_function *make)
{
    for (size_t alignment = 0; alignment < 9000; alignment += alignment < 300 ? 1 : 97) {
        size_t rounded = 16;
        while (rounded < alignment)
            rounded *= 2;
        for (size_t size = 0; size < 70000; size = size * 3 + 1)
            check_rounded(make, alignment, rounded, size);
    }
    check_rounded(make, 100000, 131072, 5);
    check_rounded(make, (3 << 20) + 1, 4 << 20, 100000);
    check_rounded(make, (size_t)200 << 20, (size_t)256 << 20, 1 << 20);
}

static void check_fails(memalign_function *make, size_t alignment, size_t size, bool must_be_einval)
{
    CHECK_CASE("memalign(0x%zx, 0x%zx)", alignment, size);
    errno = 0;
    CHECK_EQ(make(alignment, size), NULL);
    int error = errno;
    CHECK(error == EINVAL || (error == ENOMEM && !must_be_einval));
}

static void impossible(memalign_function *make)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    check_fails(make, SIZE_MAX, page, true);
    check_fails(make, SIZE_MAX, 0, true);
    check_fails(make, SIZE_MAX / 2 + 2, 1, true);
    check_fails(make, SIZE_MAX - 4096, 100, true);
    for (unsigned shift = 48; shift < 64; shift++) {
        check_fails(make, (size_t)1 << shift, 1, false);
        check_fails(make, ((size_t)1 << shift) - 1, page, false);
    }
}

/* valloc and pvalloc: page-aligned; pvalloc's blocks hold whole pages. */
static void pages(page_function *make, bool whole_pages)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t size = 0; size < 40 * page; size += size < 200 ? 1 : page / 2 - 1) {
        CHECK_CASE("%s of %zu", whole_pages ? "pvalloc" : "valloc", size);
        char *block = make(size);
        CHECK(block);
        CHECK_EQ((uintptr_t)block % page, 0);
        size_t usable = malloc_usable_size(block),
               wanted = whole_pages ? (size + page - 1) / page * page : size;
        CHECK_LE(wanted, usable);
        memset(block, 1, usable);
        free(block);
    }
}

static void check_pages(const char *name, bool whole_pages)
{
    void *make = dlsym(RTLD_DEFAULT, name);
    CHECK(make || !family_on_acre());
    if (make)
        pages((page_function *)make, whole_pages);
}

int main(void)
{
    static const char *const names[] = {"memalign", "__libc_memalign"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *make = dlsym(RTLD_DEFAULT, names[i]);
        CHECK(make);
        rounding((memalign_function *)make);
        impossible((memalign_function *)make);
    }
    check_pages("valloc", false);
    check_pages("__libc_valloc", false);
    check_pages("pvalloc", true);
    check_pages("__libc_pvalloc", true);
    return 0;
}

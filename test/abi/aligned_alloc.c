/* SPDX-License-Identifier: MIT
 *
 * aligned_alloc.c -- aligned_alloc: any power of two from 1, any size, EINVAL for other alignments.
 */
#include <malloc.h>

#include "support/family.h"

enum { HELD = 5, LARGEST_ALIGNMENT_SHIFT = 30 };

typedef void *aligned_function(size_t, size_t);

static void check_good(aligned_function *make, size_t alignment, size_t size)
{
    char *held[HELD];
    int count = alignment > 1 << 20 || size > 1 << 20 ? 1 : HELD;
    CHECK_CASE("alignment 0x%zx, size %zu", alignment, size);
    for (int i = 0; i < count; i++) {
        errno = 4711;
        char *block = make(alignment, size);
        CHECK(block);
        CHECK_ERRNO(4711);
        CHECK_EQ((uintptr_t)block % (alignment < 16 ? 16 : alignment), 0);
        size_t usable = malloc_usable_size(block);
        CHECK_LE(size, usable);
        block[0] = block[usable - 1] = 'x';
        held[i] = block;
    }
    for (int i = 0; i < count; i++)
        free(held[i]);
}

static void good_alignments(aligned_function *make)
{
    for (unsigned shift = 0; shift <= LARGEST_ALIGNMENT_SHIFT; shift++) {
        size_t alignment = (size_t)1 << shift;
        const size_t sizes[] = {
            0,     1,      5,       17,      100,           4096,      5000,
            32769, 300001, 2 << 20, 3 << 20, alignment - 1, alignment, alignment + 1,
        };
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            check_good(make, alignment, sizes[i]);
    }
}

static void bad_alignments(aligned_function *make)
{
    static const size_t alignments[] = {
        0,
        3,
        5,
        6,
        7,
        12,
        15,
        17,
        24,
        48,
        65,
        96,
        100,
        0x300,
        4095,
        4097,
        12288,
        (size_t)3 << 20,
        (size_t)3 << 40,
        (size_t)3 << 61,
        ((size_t)1 << 62) + 1,
        PTRDIFF_MAX,
        (size_t)PTRDIFF_MAX + 2,
        SIZE_MAX - 1,
        SIZE_MAX,
    };
    static const size_t sizes[] = {0, 1, 64, 4096, 100000, PTRDIFF_MAX, SIZE_MAX};
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            CHECK_CASE("alignment 0x%zx, size 0x%zx", alignments[i], sizes[k]);
            errno = 0;
            CHECK_EQ(make(alignments[i], sizes[k]), NULL);
            int error = errno;
            if (sizes[k] < PTRDIFF_MAX)
                CHECK_EQ(error, EINVAL);
            CHECK(error == EINVAL || error == ENOMEM);
        }
    }
}

/* Powers of two that no address of a process can have: refused, not crashed on. */
static void impossible_alignments(aligned_function *make)
{
    for (unsigned shift = 48; shift < 64; shift++) {
        for (size_t size = 1; size < 1 << 22; size = size * 37 + 1) {
            CHECK_CASE("alignment 1 << %u, size %zu", shift, size);
            errno = 0;
            CHECK_EQ(make((size_t)1 << shift, size), NULL);
            int error = errno;
            CHECK(error == EINVAL || error == ENOMEM);
        }
    }
}

int main(void)
{
    static const char *const names[] = {"aligned_alloc", "acre_aligned_alloc"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *make = dlsym(RTLD_DEFAULT, names[i]);
        CHECK(make || !family_on_acre());
        if (!make)
            continue;
        good_alignments((aligned_function *)make);
        impossible_alignments((aligned_function *)make);
        /* glibc before 2.38 rounds such alignments up instead. */
        if (family_on_acre())
            bad_alignments((aligned_function *)make);
    }
    return 0;
}

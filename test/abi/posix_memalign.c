/* SPDX-License-Identifier: MIT
 *
 * posix_memalign.c -- posix_memalign: EINVAL unless the alignment is a power of two times sizeof(void *),
 * ENOMEM also in errno, and the out-pointer untouched unless there is a block.
 */
#include <malloc.h>

#include "support/family.h"

typedef int posix_function(void **, size_t, size_t);

static char untouched;

static void check_error(posix_function *make, size_t alignment, size_t size, int expected)
{
    CHECK_CASE("alignment 0x%zx, size 0x%zx", alignment, size);
    void *out = &untouched;
    errno = 0;
    CHECK_EQ(make(&out, alignment, size), expected);
    CHECK_EQ(out, &untouched);
    if (expected == ENOMEM)
        CHECK_ERRNO(ENOMEM);
}

static void bad_alignments(posix_function *make)
{
    static const size_t alignments[] = {
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        9,
        12,
        15,
        17,
        24,
        40,
        48,
        56,
        65,
        0x300,
        4095,
        4097,
        6144,
        (size_t)3 << 30,
        (size_t)3 << 61,
        PTRDIFF_MAX,
        SIZE_MAX - 7,
        SIZE_MAX,
    };
    static const size_t sizes[] = {0, 1, 100, 4096, 1 << 20};
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
            check_error(make, alignments[i], sizes[k], EINVAL);
    }
}

static void no_memory(posix_function *make)
{
    for (unsigned shift = 3; shift < 30; shift++) {
        check_error(make, (size_t)1 << shift, SIZE_MAX, ENOMEM);
        check_error(make, (size_t)1 << shift, (size_t)PTRDIFF_MAX + 1, ENOMEM);
        check_error(make, (size_t)1 << shift, (size_t)1 << 50, ENOMEM);
    }
    for (unsigned shift = 48; shift < 64; shift++) {
        void *out = &untouched;
        CHECK_CASE("alignment 1 << %u", shift);
        int error = make(&out, (size_t)1 << shift, 64);
        CHECK(error == ENOMEM || error == EINVAL);
        CHECK_EQ(out, &untouched);
    }
}

static void good_alignments(posix_function *make)
{
    for (unsigned shift = 3; shift <= 30; shift++) {
        size_t alignment = (size_t)1 << shift;
        const size_t sizes[] = {0, 1, 8, 100, 4096, 40000, alignment - 1, alignment, alignment + 1, 3 << 20};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            CHECK_CASE("alignment 0x%zx, size %zu", alignment, sizes[i]);
            void *out = &untouched;
            errno = 4711;
            CHECK_EQ(make(&out, alignment, sizes[i]), 0);
            CHECK_ERRNO(4711);
            CHECK(out && out != &untouched);
            CHECK_EQ((uintptr_t)out % (alignment < 16 ? 16 : alignment), 0);
            size_t usable = malloc_usable_size(out);
            CHECK_LE(sizes[i], usable);
            ((char *)out)[0] = ((char *)out)[usable - 1] = 'x';
            free(out);
        }
    }
}

int main(void)
{
    static const char *const names[] = {"posix_memalign", "__posix_memalign", "acre_posix_memalign"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *make = dlsym(RTLD_DEFAULT, names[i]);
        CHECK(make || !family_on_acre());
        if (!make)
            continue;
        bad_alignments((posix_function *)make);
        no_memory((posix_function *)make);
        good_alignments((posix_function *)make);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * product_overflow.c -- calloc and reallocarray refuse a product that wraps or is over PTRDIFF_MAX with NULL
 * and ENOMEM, leave a block that was passed in alone, and accept the products that fit.
 */
#include <malloc.h>

#include "support/family.h"

enum { SURELY_FITS = 1 << 20 };

typedef void *calloc_function(size_t, size_t);
typedef void *reallocarray_function(void *, size_t, size_t);

static const size_t factors[] = {
    0,
    1,
    2,
    3,
    5,
    7,
    16,
    255,
    4096,
    65535,
    65536,
    65537,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x100000001,
    0x200000000,
    (size_t)1 << 48,
    ((size_t)1 << 60) + 1,
    ((size_t)1 << 61) + 2,
    SIZE_MAX / 16 + 1,
    SIZE_MAX / 3 + 1,
    PTRDIFF_MAX - 1,
    PTRDIFF_MAX,
    (size_t)PTRDIFF_MAX + 1,
    (size_t)PTRDIFF_MAX + 2,
    SIZE_MAX - 4096,
    SIZE_MAX - 16,
    SIZE_MAX - 1,
    SIZE_MAX,
};

enum { FACTOR_COUNT = sizeof factors / sizeof factors[0] };

enum expected { EITHER, SUCCESS, REFUSAL };

static enum expected judge(size_t count, size_t size)
{
    size_t product;
    if (__builtin_mul_overflow(count, size, &product) || product > PTRDIFF_MAX)
        return REFUSAL;
    return product <= SURELY_FITS ? SUCCESS : EITHER;
}

static void check_calloc(const char *name, calloc_function *make, size_t count, size_t size)
{
    CHECK_CASE("%s(0x%zx, 0x%zx)", name, count, size);
    errno = 0;
    void *block = make(count, size);
    int error = errno;
    enum expected expected = judge(count, size);
    if (!block)
        CHECK_EQ(error, ENOMEM);
    CHECK(expected == EITHER || (expected == SUCCESS) == (block != NULL));
    if (expected == SUCCESS) {
        CHECK_LE(count * size, malloc_usable_size(block));
        for (size_t i = 0; i < count * size; i++)
            CHECK_EQ(((unsigned char *)block)[i], 0);
    }
    free(block);
}

static void check_reallocarray(const char *name, reallocarray_function *resize, size_t count, size_t size)
{
    enum { OLD_SIZE = 333 };
    CHECK_CASE("%s(block, 0x%zx, 0x%zx)", name, count, size);
    unsigned char *block = malloc(OLD_SIZE);
    CHECK(block);
    memset(block, 0x77, OLD_SIZE);
    enum expected expected = judge(count, size);
    errno = 0;
    unsigned char *grown = resize(block, count, size);
    int error = errno;
    if (count * size == 0 && expected == SUCCESS) {
        CHECK_EQ(grown, NULL);
        CHECK_EQ(error, 0);
        return;
    }
    if (!grown)
        CHECK_EQ(error, ENOMEM);
    CHECK(expected == EITHER || (expected == SUCCESS) == (grown != NULL));
    unsigned char *now = grown ? grown : block;
    size_t kept = grown && count * size < OLD_SIZE ? count * size : OLD_SIZE;
    for (size_t i = 0; i < kept; i++)
        CHECK_EQ(now[i], 0x77);
    free(now);
}

static void check_reallocarray_of_null(const char *name, reallocarray_function *resize, size_t count,
                                       size_t size)
{
    CHECK_CASE("%s(NULL, 0x%zx, 0x%zx)", name, count, size);
    errno = 0;
    void *block = resize(NULL, count, size);
    int error = errno;
    enum expected expected = judge(count, size);
    if (!block)
        CHECK_EQ(error, ENOMEM);
    CHECK(expected == EITHER || (expected == SUCCESS) == (block != NULL));
    free(block);
}

int main(void)
{
    static const char *const callocs[] = {"calloc", "__libc_calloc", "acre_calloc"};
    static const char *const reallocarrays[] = {"reallocarray", "__libc_reallocarray", "acre_reallocarray"};
    for (size_t k = 0; k < 3; k++) {
        void *make = dlsym(RTLD_DEFAULT, callocs[k]);
        void *resize = dlsym(RTLD_DEFAULT, reallocarrays[k]);
        CHECK(!family_on_acre() || (make && resize));
        for (size_t i = 0; i < FACTOR_COUNT * FACTOR_COUNT; i++) {
            size_t count = factors[i / FACTOR_COUNT], size = factors[i % FACTOR_COUNT];
            if (make)
                check_calloc(callocs[k], (calloc_function *)make, count, size);
            if (!resize)
                continue;
            check_reallocarray(reallocarrays[k], (reallocarray_function *)resize, count, size);
            check_reallocarray_of_null(reallocarrays[k], (reallocarray_function *)resize, count, size);
        }
    }
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * family.h -- every function that hands out a block, in one table, so that a rule is tested on all of them.
 *
 * The functions are found with dlsym() in whatever serves malloc in this process. So one binary tests libc's
 * malloc and acre; a name that libc lacks is simply absent there (family_on_acre() tells which it is), and
 * the compiler cannot know, and so not optimise, the calls.
 */
#ifndef AC_TEST_FAMILY_H
#define AC_TEST_FAMILY_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

#include "check.h"

enum family_shape {
    FAMILY_SIZE,            /* f(size)                        */
    FAMILY_CALLOC,          /* f(1, size)                     */
    FAMILY_REALLOC,         /* f(NULL, size)                  */
    FAMILY_REALLOCARRAY,    /* f(NULL, 1, size)               */
    FAMILY_ALIGNED,         /* f(alignment, size)             */
    FAMILY_POSIX,           /* f(&out, alignment, size)       */
    FAMILY_NOTHROW,         /* f(size, nothrow)               */
    FAMILY_ALIGNED_NOTHROW, /* f(size, alignment, nothrow)    */
};

struct family {
    const char *name;
    enum family_shape shape;
    size_t alignment; /* promised; also the one passed to the functions that take one */
    void *address;    /* NULL: not in this process */
};

enum { FAMILY_PAGE = 1 }; /* an alignment of "the page size", replaced by family_open() */

static struct family family[] = {
    {"malloc", FAMILY_SIZE, 16, NULL},
    {"calloc", FAMILY_CALLOC, 16, NULL},
    {"realloc", FAMILY_REALLOC, 16, NULL},
    {"reallocarray", FAMILY_REALLOCARRAY, 16, NULL},
    {"aligned_alloc", FAMILY_ALIGNED, 32, NULL},
    {"memalign", FAMILY_ALIGNED, 64, NULL},
    {"posix_memalign", FAMILY_POSIX, 128, NULL},
    {"valloc", FAMILY_SIZE, FAMILY_PAGE, NULL},
    {"pvalloc", FAMILY_SIZE, FAMILY_PAGE, NULL},
    {"__libc_malloc", FAMILY_SIZE, 16, NULL},
    {"__libc_calloc", FAMILY_CALLOC, 16, NULL},
    {"__libc_realloc", FAMILY_REALLOC, 16, NULL},
    {"__libc_reallocarray", FAMILY_REALLOCARRAY, 16, NULL},
    {"__libc_memalign", FAMILY_ALIGNED, 64, NULL},
    {"__libc_valloc", FAMILY_SIZE, FAMILY_PAGE, NULL},
    {"__libc_pvalloc", FAMILY_SIZE, FAMILY_PAGE, NULL},
    {"__posix_memalign", FAMILY_POSIX, 64, NULL},
    {"acre_malloc", FAMILY_SIZE, 16, NULL},
    {"acre_calloc", FAMILY_CALLOC, 16, NULL},
    {"acre_realloc", FAMILY_REALLOC, 16, NULL},
    {"acre_reallocarray", FAMILY_REALLOCARRAY, 16, NULL},
    {"acre_aligned_alloc", FAMILY_ALIGNED, 64, NULL},
    {"acre_posix_memalign", FAMILY_POSIX, 64, NULL},
    {"_ZnwmRKSt9nothrow_t", FAMILY_NOTHROW, 16, NULL},
    {"_ZnamRKSt9nothrow_t", FAMILY_NOTHROW, 16, NULL},
    {"_ZnwmSt11align_val_tRKSt9nothrow_t", FAMILY_ALIGNED_NOTHROW, 64, NULL},
    {"_ZnamSt11align_val_tRKSt9nothrow_t", FAMILY_ALIGNED_NOTHROW, 64, NULL},
};

enum { FAMILY_COUNT = sizeof family / sizeof family[0] };

__attribute__((unused)) static bool family_on_acre(void)
{
    return dlsym(RTLD_DEFAULT, "acre_version") != NULL;
}

/* Fills the table; call first. On acre every row must be there. */
__attribute__((unused)) static void family_open(void)
{
    bool acre = family_on_acre();
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        family[i].address = dlsym(RTLD_DEFAULT, family[i].name);
        if (family[i].alignment == FAMILY_PAGE)
            family[i].alignment = (size_t)sysconf(_SC_PAGESIZE);
        CHECK_CASE("%s", family[i].name);
        CHECK(!acre || family[i].address);
    }
    CHECK_CASE("%s", "");
}

/* The next row after `row` that exists here, the first for NULL, NULL at the end. */
__attribute__((unused)) static const struct family *family_next(const struct family *row)
{
    for (row = row ? row + 1 : family; row < family + FAMILY_COUNT; row++) {
        if (row->address)
            return row;
    }
    return NULL;
}

__attribute__((unused)) static bool family_takes_alignment(const struct family *row)
{
    return row->shape == FAMILY_ALIGNED || row->shape == FAMILY_POSIX || row->shape == FAMILY_ALIGNED_NOTHROW;
}

/* A block from the row's function, with this alignment if it takes one. */
__attribute__((unused)) static void *family_alloc_aligned(const struct family *row, size_t alignment,
                                                          size_t size)
{
    static const char nothrow_tag = 0;
    void *out = NULL;
    switch (row->shape) {
    case FAMILY_SIZE:
        return ((void *(*)(size_t))row->address)(size);
    case FAMILY_CALLOC:
        return ((void *(*)(size_t, size_t))row->address)(1, size);
    case FAMILY_REALLOC:
        return ((void *(*)(void *, size_t))row->address)(NULL, size);
    case FAMILY_REALLOCARRAY:
        return ((void *(*)(void *, size_t, size_t))row->address)(NULL, 1, size);
    case FAMILY_ALIGNED:
        return ((void *(*)(size_t, size_t))row->address)(alignment, size);
    case FAMILY_POSIX:
        return ((int (*)(void **, size_t, size_t))row->address)(&out, alignment, size) == 0 ? out : NULL;
    case FAMILY_NOTHROW:
        return ((void *(*)(size_t, const void *))row->address)(size, &nothrow_tag);
    case FAMILY_ALIGNED_NOTHROW:
        return ((void *(*)(size_t, size_t, const void *))row->address)(size, alignment, &nothrow_tag);
    }
    return NULL;
}

__attribute__((unused)) static void *family_alloc(const struct family *row, size_t size)
{
    return family_alloc_aligned(row, row->alignment, size);
}

#endif

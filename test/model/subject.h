/* SPDX-License-Identifier: MIT
 *
 * subject.h -- the allocator under test, as one table of functions.
 *
 * Built with MODEL_PREFIXED the table names acre_malloc() and the rest, else malloc(), whoever serves that.
 */
#ifndef AC_TEST_MODEL_SUBJECT_H
#define AC_TEST_MODEL_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

struct subject {
    const char *name;
    bool strict; /* acre: also held to what it promises beyond the standards and glibc */
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    void *(*reallocarray)(void *block, size_t count, size_t size);
    void *(*aligned_alloc)(size_t alignment, size_t size);
    int (*posix_memalign)(void **out_block, size_t alignment, size_t size);
    void *(*memalign)(size_t alignment, size_t size); /* NULL: there is none */
    void (*free)(void *block);
    void (*free_sized)(void *block, size_t size);                           /* NULL: there is none */
    void (*free_aligned_sized)(void *block, size_t alignment, size_t size); /* NULL: there is none */
    size_t (*usable_size)(void *block);
    int (*trim)(size_t keep_bytes);
    /* Hold the allocator's own books against their invariants: how many do not hold, the first of them in
     * words. NULL: there is no such thing. */
    size_t (*verify)(char *out_text, size_t text_bytes);
};

const struct subject *subject_get(void);

#endif

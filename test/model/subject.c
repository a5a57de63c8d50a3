/* SPDX-License-Identifier: MIT
 *
 * subject.c -- fills the table of subject.h.
 */
#include "subject.h"

#include <malloc.h>
#include <stdlib.h>

#ifdef MODEL_PREFIXED

#include "acre/acre.h"

static size_t usable_size(void *block)
{
    return acre_usable_size(block);
}

static const struct subject subject = {
    .name = "acre_malloc",
    .strict = true,
    .malloc = acre_malloc,
    .calloc = acre_calloc,
    .realloc = acre_realloc,
    .reallocarray = acre_reallocarray,
    .aligned_alloc = acre_aligned_alloc,
    .posix_memalign = acre_posix_memalign,
    .free = acre_free,
    .free_sized = acre_free_sized,
    .free_aligned_sized = acre_free_aligned_sized,
    .usable_size = usable_size,
    .trim = acre_trim,
};

const struct subject *subject_get(void)
{
    return &subject;
}

#else

/* Weak: older C libraries lack the first two, and only acre has the third. */
void free_sized(void *block, size_t size) __attribute__((weak));
void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));
const char *acre_version(void) __attribute__((weak));

static struct subject subject = {
    .malloc = malloc,
    .calloc = calloc,
    .realloc = realloc,
    .reallocarray = reallocarray,
    .aligned_alloc = aligned_alloc,
    .posix_memalign = posix_memalign,
    .memalign = memalign,
    .free = free,
    .usable_size = malloc_usable_size,
    .trim = malloc_trim,
};

const struct subject *subject_get(void)
{
    subject.strict = acre_version != NULL;
    subject.name = subject.strict ? "malloc of acre" : "malloc of the C library";
    subject.free_sized = free_sized;
    subject.free_aligned_sized = free_aligned_sized;
    return &subject;
}

#endif

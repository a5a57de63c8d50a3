/* SPDX-License-Identifier: MIT
 *
 * subject.c -- fills the table of subject.h.
 */
#include "subject.h"

#include "acre/acre.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef MODEL_PREFIXED
/* Weak: only acre has them. */
const char *acre_version(void) __attribute__((weak));
size_t acre_verify(struct acre_breach *out_breaches, size_t max) __attribute__((weak));
#endif

static size_t verify(char *out_text, size_t text_bytes)
{
    struct acre_breach first = {0};
    size_t nbreaches = acre_verify(&first, 1);
    if (nbreaches != 0)
        snprintf(out_text, text_bytes, "%s: %s at %p is %llu, expected %llu", first.invariant, first.what,
                 first.address, first.found, first.expected);
    return nbreaches;
}

#ifdef MODEL_PREFIXED

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
    .verify = verify,
};

const struct subject *subject_get(void)
{
    return &subject;
}

#else

/* Weak: older C libraries lack them. */
void free_sized(void *block, size_t size) __attribute__((weak));
void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

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
    subject.verify = acre_verify != NULL ? verify : NULL;
    subject.free_sized = free_sized;
    subject.free_aligned_sized = free_aligned_sized;
    return &subject;
}

#endif

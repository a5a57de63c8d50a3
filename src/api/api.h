/* SPDX-License-Identifier: MIT
 *
 * api.h -- what the public functions and the libc names share: slow paths that set errno, and the rules
 * for arguments.
 *
 * Knows:      errno.
 * Does not know: names of libc.
 * Invariants: AP1 errno changes on failure only.
 * Threads:    any.
 */
#ifndef AC_API_API_H
#define AC_API_API_H

#include "base/compiler.h"

#include <stddef.h>

/* For ac_alloc_with: NULL with ENOMEM. */
void *ac_api_alloc_slow(size_t size, uint64_t top);
void *ac_api_alloc_large(size_t size);

/* Aligned to a power of two; NULL with ENOMEM. */
void *ac_api_aligned(size_t align, size_t size);

#endif

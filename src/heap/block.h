/* SPDX-License-Identifier: MIT
 *
 * block.h -- what there is besides malloc and free: zeroed, aligned, resized, sized, measured.
 *
 * Knows:      size classes, spans, the fast paths.
 * Does not know: errno, argument rules of the C functions (api's).
 * Invariants: BL1 a small block always sits in the class of the size last asked for, and the pages of a
 *             large one are that size's, so a sized free can be checked.
 * Threads:    any; safe in signal handlers.
 */
#ifndef AC_HEAP_BLOCK_H
#define AC_HEAP_BLOCK_H

#include <stddef.h>

/* All return NULL when memory is exhausted, with nothing changed. */
void *ac_block_zeroed(size_t size);
void *ac_block_aligned(size_t size, size_t align);
void *ac_block_resize(void *block, size_t size) __attribute__((nonnull(1)));

/* End the process when the size (and alignment) is not the block's. block may be NULL. */
void ac_block_free_aligned_sized(void *block, size_t align, size_t size);

/* Of a live block. */
size_t ac_block_usable(const void *block);

/* What ac_block_usable would say of a new block of this size; 0 when there can be none. */
size_t ac_block_good_size(size_t size);

#endif

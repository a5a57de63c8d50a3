/* SPDX-License-Identifier: MIT
 *
 * large.h -- blocks over 32 KiB: runs of units up to 1 MiB, mappings of their own (huge) beyond. Usable
 * size is whole pages.
 *
 * Knows:      page heap, mapping cache, descriptors of kind LARGE and HUGE.
 * Does not know: threads, magazines.
 * Invariants: LA1 the page-map entry of a live block's first unit leads to its descriptor, whose state is
 *             LIVE; LA2 a block is freed by whoever changes its state from LIVE, exactly once.
 * Threads:    any. `me` is the caller's id for locks; with try_only nothing is waited for (signal handlers).
 */
#ifndef AC_HEAP_LARGE_H
#define AC_HEAP_LARGE_H

#include "core/span.h"

#include <stdbool.h>

/* size: 0 .. PTRDIFF_MAX. align: a power of two. *out_zero says whether all bytes are zero. NULL when
 * memory is exhausted. */
void *ac_large_alloc(size_t size, size_t align, uint32_t me, bool try_only, bool *out_zero);

/* A large block in place of a small one that no span has room for (or that a handler may not wait for).
 * All of it is zero: calloc clears the class's bytes only. */
void *ac_large_alloc_small(size_t size, uint32_t me, bool try_only);

/* span: of the page-map entry of `block`; ends the process when `block` is not its live start. */
void ac_large_free(struct ac_span *span, void *block, uint32_t me);

/* Change the size where the block is or by moving its pages; NULL when that cannot be done (copy then).
 * size > AC_SMALL_MAX_BYTES. */
void *ac_large_resize(struct ac_span *span, void *block, size_t size, uint32_t me);

/* Hardened mode: move a huge block to a mapping for its new size, over AC_LARGE_MAX_BYTES; NULL when that
 * cannot be done. */
void *ac_large_move(struct ac_span *span, size_t size);

/* Hardened mode: give back what is in quarantine. False when it was empty. */
bool ac_large_drain(uint32_t me);

size_t ac_large_held_units(void);

/* Ends the process unless `block` is the live start of the span. */
void ac_large_check(const struct ac_span *span, const void *block);

/* Show the two in the segment. */
void ac_large_show(void);

size_t ac_large_live_bytes(void);
size_t ac_large_live_objects(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * chunk.h -- which units of a chunk serve a purpose: bit arithmetic on its two words.
 *
 * Knows:      the words `free` and `dirty` of a chunk, the page size.
 * Does not know: the lists chunks are on, counters.
 * Invariants: none; nothing here changes a chunk.
 * Threads:    under the page heap's lock.
 */
#ifndef AC_CORE_CHUNK_H
#define AC_CORE_CHUNK_H

#include "core/pageheap.h"

bool ac_chunk_is_free(const struct ac_chunk *chunk);

/* Units where an aligned run may start. */
uint64_t ac_chunk_aligned_starts(const struct ac_chunk *chunk, unsigned align_units);

/* Units that can be given back: free, dirty, in runs of at least min_units. */
uint64_t ac_chunk_purgeable_units(const struct ac_chunk *chunk, unsigned min_units);

/* The first n set bits, or a few more: whole pages. */
uint64_t ac_chunk_first_units(uint64_t mask, size_t n);

#endif

/* SPDX-License-Identifier: MIT
 *
 * addresses.h -- where acre's memory lies and what each part is for, shown in the state segment.
 *
 * With it the command can tell, page by page, what of a process's resident memory is what (`acre why`).
 *
 * Knows:      the segment's rows for addresses; which chunk or span has which.
 * Does not know: page tables; who reads.
 * Invariants: AD1 what is shown is written, never read back; AD2 a chunk or mapping for which there is no row
 *             is counted in `missed_addresses`.
 * Threads:    one lock, the innermost; chunks are shown under the page heap's. In a forked child all is shown
 *             anew.
 */
#ifndef AC_CORE_ADDRESSES_H
#define AC_CORE_ADDRESSES_H

#include "base/compiler.h"

#include "core/mapcache.h"

struct ac_chunk;
struct ac_span;

/* A chunk comes, changes (what its units are), goes. */
void ac_addresses_add_chunk(struct ac_chunk *chunk, uint32_t me);
void ac_addresses_show_chunk(const struct ac_chunk *chunk);
void ac_addresses_drop_chunk(struct ac_chunk *chunk, uint32_t me);

/* Blocks of a span have been handed out for the first time. */
void ac_addresses_show_handed(const struct ac_span *span);

/* A block with a mapping of its own comes, moves or changes its length, goes. */
/* With try_only it stays unseen rather than wait (signal handlers). */
void ac_addresses_add_huge(struct ac_span *span, uint32_t me, bool try_only);
void ac_addresses_show_huge(const struct ac_span *span);
void ac_addresses_drop_huge(struct ac_span *span, uint32_t me);

/* Mapping i of those that are kept, under their cache's lock; an empty one takes it away. */
void ac_addresses_show_kept(unsigned i, struct ac_mapping mapping);

/* Memory of acre's own, which is never given back. */
void ac_addresses_add_own(const void *base, size_t bytes);

/* In a forked child, when it has its segment: chunks and blocks are to be shown anew by who has them. */
void ac_addresses_recover(uint32_t me);

/* Everything of a chunk. */
void ac_addresses_show_whole_chunk(const struct ac_chunk *chunk);

#endif

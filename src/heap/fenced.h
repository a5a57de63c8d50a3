/* SPDX-License-Identifier: MIT
 *
 * fenced.h -- large blocks in hardened mode: huge ones in mappings of their own between guard pages, and a
 * short quarantine for both kinds.
 *
 *      |........|guard|block, whole pages|guard|...|        a huge block's mapping
 *
 * Knows:      mappings, guard pages, descriptors of kind LARGE and HUGE.
 * Does not know: canaries, sizes asked for.
 * Invariants: FE1 freed huge blocks hold no memory, and touching one ends the process while it is in
 *             quarantine.
 * Threads:    any; no lock.
 */
#ifndef AC_HEAP_FENCED_H
#define AC_HEAP_FENCED_H

#include "core/span.h"

#include <stdbool.h>

/* Memory for a huge block of `bytes`, whole pages: base and kind of the span are set. */
bool ac_fenced_take(struct ac_span *span, size_t bytes, size_t align);

/* Move a live huge block to a mapping for `bytes`. False when that cannot be done: nothing has changed. */
bool ac_fenced_move(struct ac_span *span, size_t bytes);

/* A block has been freed: put it into quarantine. Returns the span that leaves it in its place, whose
 * memory is to be given back now, or NULL. */
struct ac_span *ac_fenced_give(struct ac_span *span);

/* Give a huge block's mapping back to the system. */
void ac_fenced_unmap(const struct ac_span *span);

/* Take a span out of quarantine; NULL when it is empty. */
struct ac_span *ac_fenced_evict(void);

/* Units of the runs in quarantine. */
size_t ac_fenced_units(void);

/* In a forked child: count them anew. */
void ac_fenced_recover(void);

#endif

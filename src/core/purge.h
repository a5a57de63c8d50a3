/* SPDX-License-Identifier: MIT
 *
 * purge.h -- when free memory goes back to the system, and how much of it.
 *
 * Knows:      the bound max(dirty_min, an eighth of what is in use), the half-life of what exceeds it, and
 *             the most that was ever in use.
 * Does not know: where the memory is (pageheap.h, mapcache.h).
 * Invariants: PU1 after a tick at least the share of the excess is gone that its age demands, unless the
 *             system refused.
 * Threads:    any; one ticks at a time, the others go on.
 */
#ifndef AC_CORE_PURGE_H
#define AC_CORE_PURGE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct ac_run;

/* Memory of huge blocks in use, which the page heap does not see. */
void ac_purge_count_huge(ptrdiff_t bytes);
size_t ac_purge_huge_bytes(void);

/* What lies in runs and huge blocks; the same and all that is free and not given back yet. */
size_t ac_purge_in_use_bytes(void);
size_t ac_purge_footprint_bytes(void);

/* Kept mappings and free pages inside spans given back so far. */
size_t ac_purge_evicted_bytes(void);

/* Free memory above the bound. */
size_t ac_purge_excess_bytes(void);

/* True when more is dirty than the bound allows. A few loads. */
bool ac_purge_is_due(void);

/* Give back what has come due since the last tick. When nobody will tick while the program is idle
 * (others_tick false), also what exceeds the bound by more than max(64 MiB, a quarter of what is in use). */
void ac_purge_tick(uint32_t me, bool others_tick);

/* Before (or just after) `bytes` of fresh memory are taken: give back free memory that they would come on
 * top of. */
void ac_purge_before_growth(size_t bytes, uint32_t me);

/* Goes up each time that what is in use has grown an eighth beyond all before: time to look for memory that
 * is kept in vain. */
uint32_t ac_purge_growth(void);

/* Free pages inside spans have been given back, or are used again. */
void ac_purge_count_combed(ptrdiff_t bytes);

/* As ac_pageheap_take, waiting; when the system has no more, whatever free memory acre keeps goes back
 * first, addresses too. */
bool ac_purge_take_run(unsigned units, unsigned align_units, struct ac_run *out_run, uint32_t me);

/* In a forked child: show its counters in its own segment. */
void ac_purge_show(void);

/* Give back everything free, addresses too. False when there was nothing. */
bool ac_purge_make_room(uint32_t me);

/* Give back all free memory above keep_bytes. Returns the bytes given back. */
size_t ac_purge_all(size_t keep_bytes, uint32_t me);

/* The part of `excess` to give back after `elapsed_ns` when half goes in `half_ns`. Pure. */
size_t ac_purge_share(size_t excess, uint64_t elapsed_ns, uint64_t half_ns);

#endif

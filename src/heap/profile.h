/* SPDX-License-Identifier: MIT
 *
 * profile.h -- the heap profiler and the threads: start and stop, blocks that are allocated and freed.
 *
 * Knows:      fronts, slow paths, the profiler.
 * Does not know: stacks, sums.
 * Invariants: PF1 after ac_profile_start returned, every free of a block that is sampled is seen.
 * Threads:    any.
 */
#ifndef AC_HEAP_PROFILE_H
#define AC_HEAP_PROFILE_H

#include "core/span.h"
#include "heap/heap.h"
#include "watch/prof.h"

/* 0 or an errno: EALREADY, ENOMEM. rate 0 or 1: as the option says, or the default. */
int ac_profile_start(size_t rate_bytes, uint32_t me);
int ac_profile_stop(uint32_t me);

/* The bin of a front was empty; as ac_alloc_slow. heap: the caller's own. */
void *ac_profile_alloc(struct ac_heap *heap, size_t size, uint64_t top);

/* Instead of it, when a block was had from elsewhere: the bin is as it was. */
void ac_profile_leave_bin(struct ac_heap *heap, size_t size, uint64_t top);

/* A block that was had without a front (large ones; all of them in hardened mode). Returns it. */
void *ac_profile_count(struct ac_heap *heap, void *block, size_t requested_bytes);

AC_INLINE bool ac_profile_counts(const struct ac_heap *heap)
{
    return AC_UNLIKELY(ac_prof_is_on() && heap->prof != NULL);
}

/* Before a block, for which ac_prof_may_have is true, is freed. False: this is a handler in the middle of a
 * slow path, and has left it to be freed later. heap: NULL, or the caller's. */
bool ac_profile_forget(struct ac_heap *heap, struct ac_span *span, void *block);

/* A block stays where it is, with another size asked for, or in pages (`usable_bytes` before) too. */
void ac_profile_resize(void *block, size_t requested_bytes);
void ac_profile_resize_large(struct ac_heap *heap, const void *old, void *block, size_t requested_bytes);

#endif

/* SPDX-License-Identifier: MIT
 *
 * prof.h -- the heap profiler: which blocks are sampled, and the records of them.
 *
 *      countdown of a thread --0--> take: stack, site, sample --free--> forget: lifetime
 *
 * Knows:      samples, sites, frames and modules in the state segment (core/state.h), the countdowns.
 * Does not know: heaps, bins, spans; when a block is allocated or freed (heap/front.h).
 * Invariants: PR1 the sums of a site and of the profile change under the lock; PR2 a sample is found by its
 *             block's address from its taking to its forgetting, and the filter says so without a lock;
 *             PR3 what was added for a sample is taken away when it is forgotten, to the last unit.
 * Threads:    one lock, with nothing but the addresses' taken under it. A thread that takes it is marked as
 *             in a slow path. A countdown is its thread's. In a forked child everything begins anew.
 */
#ifndef AC_WATCH_PROF_H
#define AC_WATCH_PROF_H

#include "base/atomic.h"
#include "core/sizeclass.h"
#include "core/state.h"

#define AC_PROF_RATE_BYTES ((size_t)512 << 10)
#define AC_PROF_FILTER_LOG2 17

/* How far a thread is from its next samples; the heap's owner alone. */
struct ac_prof_thread {
    uint64_t random;
    uint64_t rate_bytes;        /* at which what follows was drawn                    */
    uint64_t left[AC_NCLASSES]; /* blocks up to the sampled one, which counts; 0: not drawn       */
    uint64_t left_bytes;        /* of blocks over 32 KiB; 0: not drawn                      */
};

/* Odd while the profiler is on; each start and stop adds one. */
extern uint32_t ac_prof_epoch AC_HIDDEN;
/* 0 while nothing may be sampled, also in the middle of a start. */
extern uint64_t ac_prof_rate_bytes AC_HIDDEN;
/* Bits of addresses; NULL before the first start. */
extern uint64_t *ac_prof_filter AC_HIDDEN;

AC_INLINE bool ac_prof_is_on(void)
{
    return ac_load_rlx(&ac_prof_epoch) & 1;
}

AC_INLINE uint32_t ac_prof_hash(const void *block)
{
    return (uint32_t)(((uintptr_t)block >> 4) * 0x9e3779b97f4a7c15u >> (64 - AC_PROF_FILTER_LOG2));
}

/* False for nearly every block that is not sampled. */
AC_INLINE bool ac_prof_may_have(const void *block)
{
    const uint64_t *filter = ac_load_rlx(&ac_prof_filter);
    uint32_t hash = ac_prof_hash(block);
    return filter != NULL && (ac_load_rlx(&filter[hash / 64]) >> hash % 64 & 1) != 0;
}

/* Make the tables, empty. False when there is no memory. The profiler is off, and nobody else starts it. */
bool ac_prof_prepare(size_t rate_bytes, uint32_t me);

/* What is live, by class and 0 for blocks over 32 KiB; while it is prepared. */
void ac_prof_set_before(unsigned class, uint64_t objects, uint64_t bytes);

/* Let samples be taken, or no more. */
void ac_prof_go(void);
void ac_prof_halt(uint32_t me);

/* In a forked child, whose segment is new. True when it is to be prepared once more. */
bool ac_prof_recover(uint32_t me);

/* Begin a thread's countdowns. */
void ac_prof_thread_start(struct ac_prof_thread *thread, uint32_t me);

/* Blocks of a class up to the sampled one, it included; UINT64_MAX when nothing may be sampled. */
uint64_t ac_prof_left(struct ac_prof_thread *thread, unsigned class);

/* Count a block over 32 KiB. True when it is to be sampled. */
bool ac_prof_count_large(struct ac_prof_thread *thread, size_t usable_bytes);

/* Record a block that is sampled. class 0: over 32 KiB. The caller is marked as in a slow path and holds no
 * lock. */
void ac_prof_take(const struct ac_prof_thread *thread, const void *block, unsigned class, size_t usable_bytes,
                  size_t requested_bytes, uint32_t me);

/* If the block is sampled, it is freed. The caller is marked as in a slow path. */
void ac_prof_forget(const void *block, uint32_t me);

/* If the block is sampled, it was asked to be of another size, and stays what it is. */
void ac_prof_resize(const void *block, size_t requested_bytes, uint32_t me);

/* What the heap has mapped, after a slow path. More than before is this stack's doing; note it, as a sample
 * is taken. */
bool ac_prof_is_growth(size_t mapped_bytes);
void ac_prof_note_growth(size_t mapped_bytes, uint32_t me);

/* The profile as it stands; the rows of a section. NULL before the first start. */
const struct ac_state_profile *ac_prof_profile(void);
const void *ac_prof_rows(enum ac_state_section_id id);

/* The rows of samples, n of them ever used: not in the segment while every block is sampled for the look for
 * leaks. NULL and 0 before the first start. */
const struct ac_state_sample *ac_prof_samples(size_t *out_n);

/* Nothing changes between the two. */
void ac_prof_hold(uint32_t me);
void ac_prof_let_go(void);

#endif

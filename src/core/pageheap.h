/* SPDX-License-Identifier: MIT
 *
 * pageheap.h -- the one store of pages: arenas from the system, chunks of 2 MiB, runs of units.
 *
 * PROTOCOL of purging against allocation
 * Steps     G1 under the lock, dirty free units are taken out of `free`: they are nobody's. G2 the lock is
 *           dropped, the system called. G3 under the lock they come back to `free`, no longer dirty if the
 *           system has done it. Who takes, gives or extends meanwhile sees units that are not free.
 * Orders    the lock's. The chunk's record stays: it is released only when wholly free.
 * Progress  the lock is never held across the call that gives memory back.
 *
 * Knows:      which units are free and which of those may hold old data (dirty) and so may be resident.
 * Does not know: what a run is used for; when to purge (purge.h decides, this file obeys).
 * Invariants: PH1 a unit is free or in exactly one run; PH2 a free unit that is not dirty reads as zeros;
 *             PH3 `longest` of a chunk is the length of its longest free run and the chunk is on the list
 *             of that length; PH4 dirty_units = sum over chunks of the bits in free & dirty.
 * Threads:    one lock, taken inside every call. Lock order: center, then page heap, then meta. Purging
 *             drops the lock around the system call; the units are nobody's meanwhile.
 */
#ifndef AC_CORE_PAGEHEAP_H
#define AC_CORE_PAGEHEAP_H

#include "base/list.h"
#include "core/config.h"
#include "os/lock.h"

#include <stdbool.h>

/* Up to 64 units that lie together. */
struct ac_chunk {
    uintptr_t base;
    uint64_t free;       /* units in no run                                    */
    uint64_t dirty;      /* units written since they were last known to be zero */
    uint64_t fenced;     /* units whose last page is a guard page (harden.h)   */
    uint64_t large;      /* units of runs for large blocks                     */
    struct ac_list link; /* in the list of `longest`                           */
    uint32_t epoch;      /* of the page heap when the chunk was made           */
    uint8_t longest;     /* PH3; 0: on no list                                 */
    uint8_t units;       /* 64, less in a chunk made when memory was short     */
    uint16_t row;        /* in the state segment (addresses.h)                 */
};

struct ac_pageheap {
    struct ac_lock lock;
    uint32_t epoch;                           /* goes up when a fork tore it    */
    uint64_t nonempty;                        /* bit n - 1: lists[n] is not empty */
    struct ac_list lists[AC_CHUNK_UNITS + 1]; /* chunks by `longest`            */
    uintptr_t last_arena;
    size_t mapped_bytes;
    size_t used_units;
    size_t dirty_units;
    size_t purged_bytes;
    size_t chunks;
    bool ready;
};

struct ac_run {
    uintptr_t base;
    struct ac_chunk *chunk;
    bool zero;         /* every byte is zero */
    bool fresh;        /* some of it was clean */
    bool virgin;       /* nothing of its chunk was in use or dirty */
    uint8_t for_large; /* set by who asks: the run is for a large block */
};

struct ac_pageheap_stats {
    size_t mapped_bytes;
    size_t used_bytes;   /* in runs                         */
    size_t dirty_bytes;  /* free and perhaps resident       */
    size_t purged_bytes; /* given back so far               */
    size_t chunks;
};

/* Take a run of 1 .. AC_CHUNK_UNITS units, aligned to a unit or to align_units. False when memory is
 * exhausted. With `try_only` the lock is not waited for (signal handlers). */
bool ac_pageheap_take(unsigned units, unsigned align_units, struct ac_run *out_run, uint32_t me,
                      bool try_only);

/* Give back units of a run, of which the first `touched_units` may have been written. */
void ac_pageheap_give(struct ac_chunk *chunk, uintptr_t base, size_t units, size_t touched_units,
                      uint32_t me);

/* Lengthen a run in place. False when the next units are not free. */
bool ac_pageheap_extend(struct ac_chunk *chunk, uintptr_t base, size_t units, size_t more_units, uint32_t me,
                        bool *out_zero);

/* Give dirty free memory back to the system, biggest pieces first, until about `keep_bytes` are left.
 * Returns the bytes given back. */
size_t ac_pageheap_purge(size_t keep_bytes, uint32_t me);

/* Move the chunks that are wholly free and dirty to the mapping cache, if there are `bytes` of them: a huge
 * block wants memory. False when there was nothing to move. */
bool ac_pageheap_surrender(size_t bytes, uint32_t me);

/* Unmap the chunks that are wholly free. Returns the bytes of address space given back. */
size_t ac_pageheap_release(uint32_t me);

void ac_pageheap_get_stats(struct ac_pageheap_stats *out_stats);

/* The whole of it, to be looked at, with its lock held until it is let go. For the whole-heap checker. */
const struct ac_pageheap *ac_pageheap_hold(uint32_t me);
void ac_pageheap_let_go(void);

/* In a forked child: abandon the chunks when the lock was held by a thread that is gone. */
void ac_pageheap_recover(uint32_t me);

#endif

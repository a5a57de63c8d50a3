/* SPDX-License-Identifier: MIT
 *
 * walk.h -- a copy of what every span holds, block by block, to be looked at in peace.
 *
 * Knows:      spans, large blocks, and the caches that blocks wait in.
 * Does not know: who looks at the copy, and what is done meanwhile.
 * Invariants: WA1 the spans of one shard are as they were at one moment, with nobody's slow path under way;
 *             WA2 a copied span has live + ncached + nfree = the blocks ever handed out, and as many bits
 *             set in `live` as it has live blocks; WA3 nothing is locked, allocated or changed in the heap
 *             when ac_walk_take has returned.
 * Threads:    ac_walk_take in any thread that has marked itself as in a slow path (thread.h); the copy is
 *             the caller's.
 */
#ifndef AC_REPORT_WALK_H
#define AC_REPORT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ac_walk_span {
    uintptr_t base;
    size_t bytes;        /* of the run or mapping                           */
    size_t block_bytes;  /* of each block; of the one large block           */
    size_t purged_bytes; /* of free blocks, given back to the system        */
    uint32_t nblocks;    /* there is room for                               */
    uint32_t nlive;      /* with the program, or on their way to or from it */
    uint32_t ncached;
    uint32_t nfree; /* in the span, handed out before                  */
    uint32_t shard; /* 0: a large block                                */
    uint64_t live[];
};

/* The spans of a shard, or the large blocks, by address, and what they are written to. */
struct ac_walk_part {
    struct ac_walk_part *next;
    size_t bytes; /* of the mapping that all of it lies in */
    size_t used_bytes;
    size_t max_spans;
    size_t nspans;
    struct ac_walk_span *spans[];
};

/* The first part, in *out_part; NULL when there is nothing. False: no memory. */
bool ac_walk_take(struct ac_walk_part **out_part, uint32_t me);
void ac_walk_end(struct ac_walk_part *part);

/* For a copy of the process that is made between the two, in which nobody else runs: all shards stand still,
 * and no lock of theirs is anybody's but the caller's. The registry and every shard are held, so not for
 * long. */
void ac_walk_hold(uint32_t me);
void ac_walk_let_go(void);

/* In that copy, where all is still held: the blocks as they were. */
bool ac_walk_take_held(struct ac_walk_part **out_part);

#endif

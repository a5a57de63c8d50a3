/* SPDX-License-Identifier: MIT
 *
 * leaks_blocks.h -- all live blocks of a snapshot, found by any address within; which are reached, and how.
 *
 * Knows:      the copied spans (walk.h).
 * Does not know: roots.
 * Invariants: LB1 a block is reached at most once, and is looked through when it is; LB2 a word is a pointer
 *             to a block when it is any address within it.
 * Threads:    a copy of the process, alone.
 */
#ifndef AC_REPORT_LEAKS_BLOCKS_H
#define AC_REPORT_LEAKS_BLOCKS_H

#include "base/compiler.h"
#include "report/walk.h"

/* A span and a bit for each of its blocks. */
struct ac_leaks_span {
    const struct ac_walk_span *walk;
    uint64_t *reached;
    uint64_t *lost;     /* set once the roots are done            */
    uint64_t *indirect; /* of those: others that are lost lead to it */
};

struct ac_leaks_block {
    struct ac_leaks_span *span;
    uint32_t index;
};

struct ac_leaks_blocks {
    struct ac_leaks_span *spans; /* by address */
    size_t nspans;
    uintptr_t low; /* of all of them */
    uintptr_t high;
    uint64_t nlive;
    uint64_t live_bytes;
    struct ac_leaks_block *stack; /* reached, and still to be looked through */
    size_t nstack;
    char *window; /* for what may not be readable where it lies */
    size_t window_bytes;
    int pagemap; /* -1: none */
};

/* False when there is no memory. */
bool ac_leaks_blocks_make(struct ac_leaks_blocks *out, struct ac_walk_part *first, int pagemap);

/* The live block that an address lies in. */
bool ac_leaks_find(struct ac_leaks_blocks *blocks, uintptr_t address, struct ac_leaks_block *out);

/* Words of a root: what they lead to is reached, and all that leads on from there. */
void ac_leaks_reach(struct ac_leaks_blocks *blocks, const uintptr_t *words, size_t n);

/* When the roots are done: what is lost, and which of it is so only because others are. */
void ac_leaks_judge(struct ac_leaks_blocks *blocks);

AC_INLINE bool ac_leaks_bit(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * verify.h -- the whole heap held against the numbered invariants of the headers below, by name.
 *
 * Exact while other threads allocate: their heaps are held and their bins shut (as a stealer does, without
 * taking anything), the centers of one shard at a time, then the stores of pages. Large blocks come and go
 * under no lock; they, and the sums over everything, are judged only when nobody was in a slow path from
 * before the first look until after the last. In a forked child what a torn module lost is left out.
 *
 * Knows:      every structure of core and heap, and what must be true of it.
 * Does not know: who asks, and what is done about a breach.
 * Invariants: VE1 nothing is allocated and, but for marks in bitmaps that are gone when the center's lock is,
 *             nothing of the heap is changed; VE2 locks are taken in the order of
 *             docs/design/threads-and-fork.md. Not checked, since no single look shows them: OS1-3, PM1,
 *             PM3, PU1, CO1, HP3, BL1, HK1, HE1-2, HO1, LA2, NE1, PT1, TR1, FA1-2, SN1, ST1-3, AP1. Constant
 *             tables (SC1-3) have their unit test.
 * Threads:    any thread that has marked itself as in a slow path (thread.h), or the helper; one at a time.
 */
#ifndef AC_VERIFY_VERIFY_H
#define AC_VERIFY_VERIFY_H

#include "core/pagemap.h"
#include "heap/heap.h"

#define AC_VERIFY_KEPT 16u

struct ac_breach {
    const char *invariant; /* its name in the headers                                  */
    const char *what;      /* what is not as it must be                                */
    const void *address;   /* of the span, block, chunk, heap... it was seen in        */
    uint64_t found;
    uint64_t expected;
};

struct ac_verify {
    uint32_t me;
    bool reached; /* other threads' bins have been shut, and they have seen it */
    bool summed;  /* nobody moved, so the sums over everything were judged      */
    size_t small_units;
    size_t nbreaches;
    struct ac_breach breaches[AC_VERIFY_KEPT]; /* the first of them */
};

/* Look at everything. Returns the number of breaches, of which the first are in `verify`. */
size_t ac_verify_all(struct ac_verify *verify);

/* ---- between the files of this folder ---- */

void ac_verify_breach(struct ac_verify *verify, const char *invariant, const char *what, const void *address,
                      uint64_t found, uint64_t expected);

#define AC_VERIFY_EQ(verify, name, what, address, found, expected)                                           \
    do {                                                                                                     \
        if (AC_UNLIKELY((uint64_t)(found) != (uint64_t)(expected)))                                          \
            ac_verify_breach((verify), (name), (what), (address), (uint64_t)(found), (uint64_t)(expected));  \
    } while (0)
#define AC_VERIFY_LE(verify, name, what, address, found, most)                                               \
    do {                                                                                                     \
        if (AC_UNLIKELY((uint64_t)(found) > (uint64_t)(most)))                                               \
            ac_verify_breach((verify), (name), (what), (address), (uint64_t)(found), (uint64_t)(most));      \
    } while (0)

/* The spans and centers of a shard, with all its centers locked. */
void ac_verify_shard(struct ac_verify *verify, unsigned shard);

/* The blocks of a shard that are cached anywhere: CE1. The same is locked. */
void ac_verify_cached(struct ac_verify *verify, unsigned shard);

/* What a heap says of itself; heap->lock is held and nothing of it has been shut. */
void ac_verify_heap(struct ac_verify *verify, const struct ac_heap *heap);

/* Page heap, mapping cache and the store of records, each under its lock. */
void ac_verify_stores(struct ac_verify *verify);

/* Large blocks, under no lock. Returns the units of those that are runs. */
size_t ac_verify_large(struct ac_verify *verify);

#endif

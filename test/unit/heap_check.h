/* SPDX-License-Identifier: MIT
 *
 * heap_check.h -- walks the whole heap through the page map, independent of the engine's own counters, and
 * holds what it finds against the invariants of span.h, pageheap.h, central.h and snapshot.h.
 *
 * Nothing may allocate or free while a walk is under way.
 */
#ifndef AC_TEST_HEAP_CHECK_H
#define AC_TEST_HEAP_CHECK_H

#include "core/sizeclass.h"
#include "report/snapshot.h"

struct heap_walk {
    size_t nspans[AC_NCLASSES];
    size_t out[AC_NCLASSES];   /* blocks that are not free in their spans */
    size_t fresh[AC_NCLASSES]; /* blocks handed out at least once         */
    size_t large_blocks;
    size_t large_bytes; /* usable                                   */
    size_t units;       /* of small spans and large runs            */
    size_t huge_bytes;  /* mappings of huge blocks                  */
};

/* Fails the test when something does not hold. */
void heap_check_walk(struct heap_walk *out_walk);

/* The walk and a snapshot tell the same, and the program's blocks are as many as given. */
void heap_check_counts(size_t live_small, size_t live_large);

/* All caches emptied and all pages given back, no block remains anywhere. */
void heap_check_empty(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * mapcache.h -- freed memory of huge blocks, kept a while so that the next huge block costs no system call
 * and no page faults.
 *
 * Knows:      address, length and age of each kept extent.
 * Does not know: how much may be kept (purge.h decides).
 * Invariants: MC1 a kept extent belongs to nobody else; MC2 extents are ordered by address and no two
 *             touch; MC3 bytes = the sum of the lengths.
 * Threads:    one lock, taken inside every call; nothing is locked under it. In a forked child a torn
 *             cache is abandoned.
 */
#ifndef AC_CORE_MAPCACHE_H
#define AC_CORE_MAPCACHE_H

#include "core/config.h"
#include "os/lock.h"

#include <stdbool.h>
#include <stddef.h>

struct ac_mapping {
    uintptr_t base;
    size_t bytes;
};

struct ac_mapcache {
    struct ac_lock lock;
    unsigned count;
    size_t bytes;
    uint64_t puts;
    struct {
        struct ac_mapping m;
        uint64_t age; /* number of the last put that touched it */
    } extents[AC_MAPCACHE_EXTENTS];
};

/* What mappings are cut in: units, or pages where those are longer. */
size_t ac_mapcache_granule(void);

/* `bytes` from the smallest extent that has them; what is left of it stays. False when there is none. */
bool ac_mapcache_take(size_t bytes, struct ac_mapping *out_mapping, uint32_t me);

/* Any most_bytes in one piece, or else the longest extent if that has at least least_bytes. */
bool ac_mapcache_take_some(size_t least_bytes, size_t most_bytes, struct ac_mapping *out_mapping,
                           uint32_t me);

/* The `bytes` that start at `base`, if they are kept. */
bool ac_mapcache_take_at(uintptr_t base, size_t bytes, uint32_t me);

/* Keep a mapping, joined to its neighbours. When all places are taken the oldest extent is moved out:
 * *out_evicted, which the caller unmaps, has bytes != 0 then. */
void ac_mapcache_put(struct ac_mapping mapping, struct ac_mapping *out_evicted, uint32_t me);

/* Move the oldest extent out, or the last max_bytes of it when it is longer. False when none is kept. */
bool ac_mapcache_evict(size_t max_bytes, struct ac_mapping *out_mapping, uint32_t me);

/* Give a mapping back to the system; its addresses are lost when the system cannot unmap it (a full VMA
 * table). Empty mappings are fine. */
void ac_mapping_unmap(struct ac_mapping mapping);

size_t ac_mapcache_bytes(void);

/* The whole of it, to be looked at, with its lock held until it is let go. For the whole-heap checker. */
const struct ac_mapcache *ac_mapcache_hold(uint32_t me);
void ac_mapcache_let_go(void);

void ac_mapcache_recover(uint32_t me);

#endif

/* SPDX-License-Identifier: MIT
 *
 * mapcache.h -- freed mappings of huge blocks, kept a while so that the next huge block costs no system call and no page faults.
 *
 * Knows:      address, length and age of each kept mapping.
 * Does not know: how much may be kept (purge.h decides).
 * Invariants: MC1 a kept mapping belongs to nobody else; MC2 bytes = the sum of the lengths.
 * Threads:    one lock, taken inside every call; nothing is locked under it. In a forked child a torn cache is abandoned.
 */
#ifndef AC_CORE_MAPCACHE_H
#define AC_CORE_MAPCACHE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct ac_mapping {
    uintptr_t base;
    size_t bytes;
};

/* A kept mapping of `bytes` up to a quarter more, the best fit. False when there is none. */
bool ac_mapcache_take(size_t bytes, struct ac_mapping *out_mapping, uint32_t me);

/* Keep a mapping. When all slots are taken, the oldest is moved out: *out_evicted, which the caller unmaps, has bytes != 0 then. */
void ac_mapcache_put(struct ac_mapping mapping, struct ac_mapping *out_evicted, uint32_t me);

/* Move the oldest mapping out. False when none is kept. */
bool ac_mapcache_evict(struct ac_mapping *out_mapping, uint32_t me);

size_t ac_mapcache_bytes(void);
void ac_mapcache_recover(uint32_t me);

#endif

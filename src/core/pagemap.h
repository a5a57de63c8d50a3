/* SPDX-License-Identifier: MIT
 *
 * pagemap.h -- from any address to the span it lies in, one entry a unit.
 *
 * An entry is one word: the descriptor of the span in the low 48 bits, and in the high 16 a tag that the
 * fast path of free compares without touching the descriptor: shard in the high byte, index of the bin in
 * the low one. Entry 0: not ours.
 *
 *      address - window base --(>> unit)--> ac_window_leaf[i]     around the first mappings: one load
 *      address >> 32 --> root[i] --> leaf[(address mod 4 GiB) >> unit]   everything else
 *
 * PROTOCOL of publication
 * State     root[i]: NULL or a leaf, for good. An entry: 0, a span with its tag, or no span and
 *           AC_FREED_SHARD.
 * Roles     grower: whoever maps memory, any number. owner of units: writes their entries. reader: anybody.
 * Steps     P1 the grower maps a leaf of zeros. P2 compare-and-swap NULL to it; who loses unmaps its own and
 *           uses the winner's. P3 the owner of the units stores entries. P4 it hands a pointer out.
 * Orders    P2 release, readers of the root acquire. P3 is relaxed: whatever carries the pointer from P4 to
 *           another thread orders it, and a pointer nobody was given reads as any entry there ever was.
 * ABA       none: leaves stay. An entry may change under a reader that holds no block there.
 * Progress  wait-free.
 *
 * Knows:      addresses and entries.
 * Does not know: what a span is.
 * Invariants: PM1 an entry is written before a pointer into its unit is handed out and is read-mostly
 *             afterwards; PM2 tag bin index 0 is not a small span; PM3 leaves are never freed.
 * Threads:    reads need no lock; entries are written by whoever owns the units. Leaves are published by
 *             compare-and-swap (release) and found by acquire loads, so that a reader sees the zeros of a
 *             new leaf.
 */
#ifndef AC_CORE_PAGEMAP_H
#define AC_CORE_PAGEMAP_H

#include "base/atomic.h"
#include "core/config.h"

#include <stdbool.h>

#define AC_ENTRY_SPAN_MASK (((uint64_t)1 << 48) - 1)
#define AC_WINDOW_UNITS (AC_WINDOW_BYTES >> AC_UNIT_SHIFT)

extern uintptr_t ac_window_base AC_HIDDEN;
extern uint64_t *ac_window_leaf AC_HIDDEN;

/* Tag of the entry of a unit in the window. */
AC_INLINE unsigned ac_window_tag(size_t unit)
{
    return ((const ac_u16_alias *)ac_window_leaf)[unit * 4 + 3];
}

AC_INLINE uint64_t ac_entry_make(const void *span, unsigned shard, unsigned bin)
{
    return (uint64_t)(uintptr_t)span | (uint64_t)(shard << 8 | bin) << 48;
}

AC_INLINE void *ac_entry_span(uint64_t entry)
{
    return (void *)(uintptr_t)(entry & AC_ENTRY_SPAN_MASK);
}

AC_INLINE unsigned ac_entry_shard(uint64_t entry)
{
    return (unsigned)(entry >> 56);
}

AC_INLINE unsigned ac_entry_bin(uint64_t entry)
{
    return (unsigned)(entry >> 48) & 0xff;
}

uint64_t ac_pagemap_get_far(const void *addr);

/* Entry of the unit that holds an address; 0 for any address acre has nothing to do with. */
AC_INLINE uint64_t ac_pagemap_get(const void *addr)
{
    size_t unit = ((uintptr_t)addr - ac_window_base) >> AC_UNIT_SHIFT;
    if (AC_LIKELY(unit < AC_WINDOW_UNITS && ac_window_leaf != NULL))
        return ac_load_rlx(&ac_window_leaf[unit]);
    return ac_pagemap_get_far(addr);
}

/* Make sure that entries for a range can be set. False when memory is exhausted. */
bool ac_pagemap_reserve(uintptr_t addr, size_t bytes);

/* Set the entries of `units` units from addr, which have been reserved. */
void ac_pagemap_set(uintptr_t addr, size_t units, uint64_t entry);

/* Lay the window around an address near which mappings will come to lie. Called once, before any entry is
 * set; without it all entries are found the second way. */
void ac_pagemap_place_window(uintptr_t near);

/* The first unit at or behind *addr that has an entry other than 0; false when there is none. For walks over
 * the whole heap; what changes meanwhile is found as it was or as it is. */
bool ac_pagemap_next(uintptr_t *addr, uint64_t *out_entry);

size_t ac_pagemap_used_bytes(void);

#endif

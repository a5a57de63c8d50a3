/* SPDX-License-Identifier: MIT
 *
 * comb.h -- giving back the free pages inside spans that are in use.
 *
 * Knows:      spans, their bitmaps, the lists of a center.
 * Does not know: when it is worth it (flush.h and trim.h call).
 * Invariants: CO1 a page is given back only while every block on it is free, under the center's lock;
 *             CO2 purged_bytes of a span goes to 0, and from its center's, before blocks are taken from it.
 * Threads:    any; takes the center's lock and calls the system under it.
 */
#ifndef AC_HEAP_COMB_H
#define AC_HEAP_COMB_H

#include <stddef.h>
#include <stdint.h>

struct ac_center;

/* Give back the free pages of the center's spans that have gained many free blocks since the last time.
 * Returns the bytes given back. */
size_t ac_comb(struct ac_center *center, uint32_t me);

#endif

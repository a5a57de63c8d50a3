/* SPDX-License-Identifier: MIT
 *
 * ranges.h -- which addresses of a process are acre's and what each is used for, as its segment lists them.
 *
 * Knows:      the rows of core/state.h that hold addresses. Does not trust them: no row is longer than the
 *             address space, and what lies outside the process's mappings is resident nowhere.
 */
#ifndef AC_CLI_RANGES_H
#define AC_CLI_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ac_range_kind {
    AC_RANGE_SMALL, /* of spans of small blocks: handed out before */
    AC_RANGE_FRESH, /* of such spans: not handed out yet           */
    AC_RANGE_LARGE, /* blocks over 32 KiB in use                  */
    AC_RANGE_DIRTY, /* free, written before, not given back       */
    AC_RANGE_CLEAN, /* free, never written or given back          */
    AC_RANGE_OWN,   /* acre's own records                         */
    AC_RANGE_KINDS
};

struct ac_range {
    uint64_t start;
    uint64_t end;
    enum ac_range_kind kind;
};

struct ac_ranges {
    struct ac_range *list; /* by address, no two overlap */
    size_t n;
    size_t cap;
};

/* Appends; false when memory is exhausted. */
bool ac_ranges_add(struct ac_ranges *ranges, uint64_t start, uint64_t end, enum ac_range_kind kind);

/* Orders by address, joins neighbours of one kind, and cuts what overlaps: rows that were read while they
 * changed. */
void ac_ranges_settle(struct ac_ranges *ranges);

void ac_ranges_free(struct ac_ranges *ranges);

#endif

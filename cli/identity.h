/* SPDX-License-Identifier: MIT
 *
 * identity.h -- resident memory as a sum of named parts.
 *
 * Each part is a counter of the allocator or an exact walk of the process's page table; what no part accounts
 * for is a part of its own, "unexplained", which may be negative.
 *
 *      spans of small blocks   counters say how much of what was handed out is live, free or cached; rows say
 *                              which pages that was; the walk says which of these are resident. Where the
 *                              three cannot all be right the difference is unexplained.
 *      everything else         the walk: large blocks, free pages, acre's own records, files, stacks, others
 *
 * Of a process that is gone, or that may not be looked into, there are only the counters.
 */
#ifndef AC_CLI_IDENTITY_H
#define AC_CLI_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ranges.h"
#include "core/state.h"
#include "smaps.h"
#include "core/stat.h"

enum ac_part {
#define AC_PART(name, key, label) AC_PART_##name,
#include "parts.def"
#undef AC_PART
    AC_NPARTS
};

extern const char *const ac_part_keys[AC_NPARTS];
extern const char *const ac_part_labels[AC_NPARTS];

/* Mappings of one kind that are not the heap's. */
struct ac_outside {
    uint64_t bytes; /* resident */
    uint64_t count; /* mappings of which anything is */
    uint64_t biggest_bytes;
    char biggest_name[AC_VMA_NAME_BYTES];
};

struct ac_identity {
    uint64_t rss_bytes;
    int64_t parts[AC_NPARTS]; /* add up to rss_bytes */
    bool walked;              /* false: by counters only */

    /* Beside the sum. */
    uint64_t live_bytes; /* of blocks in use, resident or not                               */
    uint64_t live_objects;
    uint64_t large_untouched_bytes; /* of those, of blocks over 32 KiB: never written or given back     */
    uint64_t rounding_max_bytes;    /* the most that sizes can have been rounded up by                  */
    uint64_t huge_bytes;            /* of rss_bytes, backed by huge pages                               */
    uint64_t swap_bytes;
    uint64_t small_resident_bytes; /* spans of small blocks, walked                                    */
    uint64_t foreign_bytes;        /* in acre's mappings, where no row says what for (in unexplained)  */
    struct ac_outside outside[AC_VMA_KINDS];
};

struct ac_subject {
    const struct ac_snapshot *counters;
    uint32_t nstats;
    const struct ac_ranges *ranges; /* NULL: the segment names no addresses */
    pid_t pid;                      /* 0: gone                              */
};

/* Adds up. False when the process may not be looked into: then it is by counters only, errno says why. */
bool ac_identity_take(const struct ac_subject *subject, struct ac_identity *out);

/* The most that rounding can have added: each block of a class was asked for with at least one byte more than
 * the class below holds. */
uint64_t ac_rounding_max(const struct ac_snapshot *counters);

/* The unexplained part in percent of the whole, without its sign. */
double ac_identity_gap_percent(const struct ac_identity *identity);

#endif

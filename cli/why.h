/* SPDX-License-Identifier: MIT
 *
 * why.h -- what `acre why` knows of one process, and the two ways it says it.
 */
#ifndef AC_CLI_WHY_H
#define AC_CLI_WHY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "identity.h"

enum { AC_WHY_PROGRAM_BYTES = 64, AC_WHY_TOP_CLASSES = 8 };

enum ac_why_moment {
    AC_WHY_NOW,  /* the process is there                       */
    AC_WHY_PEAK, /* of a run that has ended, at its highest    */
    AC_WHY_LAST  /* the last that a process that is gone wrote */
};

struct ac_why {
    pid_t pid;
    char program[AC_WHY_PROGRAM_BYTES];
    char library[32];
    enum ac_why_moment moment;
    bool torn;         /* the process died while it wrote: numbers may not fit together  */
    bool stopped;      /* by a signal                                                     */
    char blind[160];   /* why the process could not be looked into; "" when it could      */
    uint64_t age_ns;   /* of the counters                                                 */
    uint64_t nthreads; /* that hold a cache                                               */
    uint64_t idle_threads;
    uint32_t missed_addresses; /* what there was no row for in the segment                    */
    uint32_t missed_centers;
    uint32_t missed_threads;
    struct ac_snapshot counters;
    uint32_t nstats;
    struct ac_identity identity;
};

/* A class with what it holds, for the notes. */
struct ac_why_class {
    uint32_t size_bytes;
    uint32_t nspans;
    uint64_t live_bytes;
    uint64_t cached_bytes;
    uint64_t free_bytes;
    double full_percent; /* live of what was ever handed out of its spans */
};

enum ac_why_order { AC_WHY_BY_LIVE, AC_WHY_BY_FREE, AC_WHY_BY_HELD };

/* The classes that have any bytes of that sort, most first; returns how many of `max` there are. */
size_t ac_why_classes(const struct ac_snapshot *counters, enum ac_why_order order, struct ac_why_class *out,
                      size_t max);

/* What `acre trim` would give back at least: free pages. */
uint64_t ac_why_trimmable_bytes(const struct ac_why *why);

/* One line for one part: what it is made of, and what would shrink it. */
void ac_why_note(const struct ac_why *why, enum ac_part part, char *out, size_t out_bytes);

/* False when the stream could not be written. */
bool ac_why_text(const struct ac_why *why, FILE *out);
bool ac_why_json(const struct ac_why *why, FILE *out);

#endif

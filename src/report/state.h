/* SPDX-License-Identifier: MIT
 *
 * state.h -- the layout of the state segment: what a process running on acre publishes about its heap.
 *
 * Knows:      the bytes of the segment; it is read by other processes (the acre command), so it is versioned.
 * Does not know: how the numbers are made (snapshot.h), who maps the segment (api/publish.c).
 * Invariants: ST1 a field never moves within one version; ST2 `seq` is odd while `now` or `peak` is being
 *             written, and a reader that sees it change starts over; ST3 `pid` is claimed once, by
 *             compare-and-swap from 0: a process that finds another's pid there leaves the segment alone.
 * Threads:    one writer at a time (the publishing lock); any number of readers.
 */
#ifndef AC_REPORT_STATE_H
#define AC_REPORT_STATE_H

#include <stdint.h>

#define AC_STATE_MAGIC "acrestat"
#define AC_STATE_VERSION 1u
#define AC_STATE_MAX_STATS 32u
#define AC_STATE_MAX_CLASSES 80u

struct ac_state_class {
    uint32_t size_bytes;     /* size of a block; 0: row not used                                  */
    uint32_t nspans;         /* spans of the class                                                */
    uint64_t live_objects;   /* blocks in use by the program                                      */
    uint64_t cached_objects; /* free blocks in magazines, outboxes and transfer caches            */
    uint64_t free_objects;   /* free blocks in spans, handed out before                           */
};

struct ac_snapshot {
    uint64_t time_ns;                   /* CLOCK_MONOTONIC                              */
    uint64_t stats[AC_STATE_MAX_STATS]; /* indexed by the rows of core/stat.def         */
    struct ac_state_class classes[AC_STATE_MAX_CLASSES];
};

struct ac_state {
    char magic[8];       /* AC_STATE_MAGIC, without a terminator; written last                */
    uint32_t version;    /* AC_STATE_VERSION                                                  */
    uint32_t size_bytes; /* sizeof(struct ac_state)                                           */
    uint32_t pid;        /* the publishing process; 0: not claimed yet                        */
    uint32_t nstats;     /* rows of core/stat.def when the library was built                  */
    uint32_t nclasses;   /* rows used in `classes`                                            */
    uint32_t seq;        /* ST2                                                               */
    uint64_t start_ns;   /* CLOCK_MONOTONIC when the segment was claimed                      */
    uint32_t exited;     /* 1: `now` is the state at exit                                     */
    uint32_t page_size_bytes;
    char library[32];        /* version of the library                                            */
    struct ac_snapshot now;  /* the latest                                                        */
    struct ac_snapshot peak; /* at the highest memory use seen                                    */
};

#endif

/* SPDX-License-Identifier: MIT
 *
 * state.h -- the layout of the state segment: what a process running on acre publishes about its heap.
 *
 *      struct ac_state              header, counters of pages, control words, options, classes, snapshots
 *      rows (struct ac_state_section says where, how long, how many):
 *          centers    one a shard and class in use       what the spans have given out
 *          threads    one a thread cache ever made       what it keeps, what it did
 *          seconds, tens, minutes                        rings of what the heap looked like
 *          chunks, huge, kept, own                       where memory lies
 *          profile, sites, samples, frames, modules      who allocates
 *          breaches, leaks                               what a look at the whole heap has found
 *
 * Rows are written where the engine keeps its own counters, under the lock that guards those, and never read
 * back by it. So they are true at any time, also of a process that is stopped or asleep; but for what a
 * thread's fast paths moved between it and its own magazines since their last slow path.
 *
 * Knows:      the bytes of the segment; it is read by other processes (the acre command), so it is versioned.
 * Does not know: who maps it (core/segment.h), how sums are made of it (report/sum.h).
 * Invariants: ST1 a field never moves within one version, and the first 64 bytes in none; ST2 `seq` is odd
 *             while `now` or `peak` is being written, and a reader that sees it change starts over; ST3 `pid`
 *             is claimed once, by compare-and-swap from 0: a process that finds another's pid there leaves
 *             the segment alone; ST4 a section may be longer than its rows in use; unknown ones are skipped.
 * Threads:    every row has one writer at a time; any number of readers. The control words are the readers'
 *             to write.
 */
#ifndef AC_CORE_STATE_H
#define AC_CORE_STATE_H

#include <stdint.h>

#define AC_STATE_NAME "acre-state" /* of the memory file, as it shows in /proc/PID/maps */
#define AC_STATE_MAGIC "acrestat"
#define AC_STATE_VERSION 3u
#define AC_STATE_MAX_STATS 32u
#define AC_STATE_MAX_CLASSES 80u
#define AC_STATE_MAX_OPTIONS 24u
#define AC_STATE_MAX_SECTIONS 16u
#define AC_STATE_MAX_CHUNKS 16384u /* 32 GiB */
#define AC_STATE_MAX_HUGE 4096u
#define AC_STATE_MAX_KEPT 128u
#define AC_STATE_MAX_OWN 128u
#define AC_STATE_MOMENT_STATS 23u
#define AC_STATE_MAX_SITES 16384u
#define AC_STATE_MAX_FRAMES 262144u
#define AC_STATE_MAX_SAMPLES 32768u
#define AC_STATE_MAX_MODULES 512u
#define AC_STATE_MAX_BREACHES 16u
#define AC_STATE_MAX_LEAKS 4096u
#define AC_STATE_LIFETIMES 16u
#define AC_STATE_WEIGHT_ONE 256u /* weights in objects are in parts of this */

/* No segment is longer: for who makes the file before the process that fills it. */
#define AC_STATE_MAX_BYTES ((uint64_t)16 << 20)

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

enum ac_state_section_id {
    AC_STATE_CENTERS = 1, /* struct ac_state_center, `ncenters` of them in use  */
    AC_STATE_THREADS,     /* struct ac_state_thread, `nthreads` of them in use  */
    AC_STATE_SECONDS,     /* struct ac_state_moment, rings of them              */
    AC_STATE_TENS,
    AC_STATE_MINUTES,
    AC_STATE_CHUNKS,   /* struct ac_state_chunk: the units of the page heap           */
    AC_STATE_HUGE,     /* struct ac_state_extent: blocks with mappings of their own   */
    AC_STATE_KEPT,     /* struct ac_state_extent: mappings kept for such              */
    AC_STATE_OWN,      /* struct ac_state_extent: acre's own records                  */
    AC_STATE_SITES,    /* struct ac_state_site, `nsites` of the profile in use                  */
    AC_STATE_SAMPLES,  /* struct ac_state_sample: sampled blocks that live                     */
    AC_STATE_PROFILE,  /* struct ac_state_profile, one                                         */
    AC_STATE_FRAMES,   /* uint64_t: return addresses, which sites point into                    */
    AC_STATE_MODULES,  /* struct ac_state_module: what was mapped where                         */
    AC_STATE_BREACHES, /* struct ac_state_breach: what the last check of the heap found         */
    AC_STATE_LEAKS     /* struct ac_state_leaks, one: what was unreachable at the exit          */
};

struct ac_state_section {
    uint32_t id;        /* enum ac_state_section_id; 0: not used */
    uint32_t row_bytes; /* may grow at the end                   */
    uint64_t offset_bytes;
    uint64_t nrows; /* there is room for                         */
};

/* What a size class is made of; constant. */
struct ac_state_class_facts {
    uint32_t size_bytes; /* of a block; 0: no class        */
    uint32_t span_bytes;
    uint32_t span_objects;
    uint32_t magazine_objects; /* most that a thread keeps */
};

/* Pages. Each group of fields is written under its own lock. */
struct ac_state_pages {
    uint64_t used_bytes;  /* runs of the page heap that serve spans and blocks up to 1 MiB          */
    uint64_t dirty_bytes; /* free, and not yet given back                                         */
    uint64_t mapped_bytes;
    uint64_t purged_bytes; /* given back so far                                                   */
    uint64_t chunks;       /* of 2 MiB                                                            */
    uint64_t reserved_pages[3];
    uint64_t kept_bytes;    /* mappings of blocks over 1 MiB, kept for the next                      */
    uint64_t meta_bytes;    /* acre's own records                                                    */
    uint64_t segment_bytes; /* of this segment, touched                                           */
    uint64_t nthreads;      /* that hold a cache                                                  */
    uint64_t reserved_misc[4];
    uint64_t huge_bytes;         /* mappings of blocks over 1 MiB in use                          */
    uint64_t evicted_bytes;      /* kept mappings and pages inside spans given back so far        */
    uint64_t large_live_bytes;   /* blocks over 32 KiB in use, rounded up to pages                */
    uint64_t large_live_objects; /* number of those                                               */
    uint64_t reserved_large[4];
};

/* Blocks of one class in one shard. */
struct ac_state_center {
    uint32_t shard;
    uint32_t class;
    uint64_t out;          /* blocks not in the spans: with the program, in magazines, on their way     */
    uint64_t fresh;        /* blocks of its spans handed out at least once                              */
    uint64_t nspans;       /* spans                                                                     */
    uint64_t transfer;     /* blocks in the transfer cache, a part of `out`                             */
    uint64_t purged_bytes; /* free blocks' pages given back                                             */
    uint64_t taken;        /* blocks that threads have drawn, ever                                      */
    uint64_t given;        /* blocks that threads have returned, ever                                   */
};

struct ac_state_thread {
    uint32_t tid; /* of the thread that has the cache now; 0: nobody has                                  */
    uint32_t shard;
    uint64_t born_ns; /* some time before that thread got it; 0: early on                            */
    uint64_t seen_ns; /* its counters and what it keeps were last looked at then                     */
    uint64_t refills; /* counters: of all the threads that had this cache                            */
    uint64_t flushes;
    uint64_t remote_frees;
    uint64_t slow_paths;
    uint64_t cache; /* address of the cache in the process                                                */
    uint16_t magazines[AC_STATE_MAX_CLASSES]; /* blocks in its magazines                                  */
    uint16_t outbox[AC_STATE_MAX_CLASSES];    /* blocks on their way to other shards                      */
};

/* Where memory lies. Rows in use have a base; the others may be anywhere between them. */
struct ac_state_chunk {
    uint64_t base;
    uint64_t units;     /* `unit_bytes` each, one bit each                                       */
    uint64_t free;      /* units that serve nothing                                              */
    uint64_t dirty;     /* units that were written since they were last known to be zero         */
    uint64_t large;     /* units of blocks over 32 KiB; what is neither, holds small blocks      */
    uint8_t handed[64]; /* of a unit of small blocks: so many eighths, from its start, blocks were ever
                           handed out from; of another unit it means nothing                 */
};

struct ac_state_extent {
    uint64_t base;
    uint64_t bytes;
};

/* One moment of the timeline. */
struct ac_state_moment {
    uint64_t time_ns; /* CLOCK_MONOTONIC; 0: none yet. Written last                     */
    uint64_t stats[AC_STATE_MOMENT_STATS]; /* the first rows of core/stat.def; rss_bytes 0: not read      */
};

enum ac_state_profile_state { AC_STATE_PROFILE_OFF, AC_STATE_PROFILE_ON, AC_STATE_PROFILE_STOPPED };

/* The heap profile: one row. A block of s usable bytes is sampled with probability p = 1 - e^(-s / rate),
 * each by itself, and then stands for 1/p objects. What is counted of a run of the profiler begins with its
 * start; what was allocated before is in `before_...` and nowhere else. */
struct ac_state_profile {
    uint32_t state;      /* enum ac_state_profile_state                                                   */
    uint32_t runs;       /* started so often; when it changes, all else has begun anew                     */
    uint64_t rate_bytes; /* mean bytes from one sample to the next, now                                */
    uint64_t started_ns; /* CLOCK_MONOTONIC                                                            */
    uint64_t stopped_ns; /* the same; 0: not stopped                                                   */
    uint64_t started_wall_ns; /* CLOCK_REALTIME at the start                                          */
    uint32_t nsites;          /* rows in use, and the following                                      */
    uint32_t nframes;
    uint32_t nsamples; /* rows ever used: those in use lie among them                               */
    uint32_t nmodules;
    uint64_t taken; /* samples so far                                                                */
    uint64_t freed; /* of them                                                                       */
    uint64_t dropped_sites;   /* samples whose stack found no room: they count at site 0              */
    uint64_t dropped_samples; /* samples for whose block there was no row: counted as allocated only  */
    uint64_t live_bytes;      /* estimated: sum over the sites                                       */
    uint64_t peak_bytes;      /* its highest value; the sites' `peak_...` are of that moment         */
    uint64_t peak_ns;
    uint32_t peak_epoch; /* see struct ac_state_site                                                  */
    uint32_t max_depth;  /* frames kept of a stack                                                   */
    uint64_t before_objects[AC_STATE_MAX_CLASSES]; /* live at the start; 0: blocks over 32 KiB        */
    uint64_t before_bytes[AC_STATE_MAX_CLASSES];
};

/* A stack from which was allocated. Site 0 is that of the stacks for which there was no room. All sums are
 * weighted (unbiased): objects in parts of AC_STATE_WEIGHT_ONE. Written by whoever holds the profiler's lock;
 * a sum may be read between two stores of one event. */
struct ac_state_site {
    uint32_t first_frame; /* innermost caller first; addresses behind the calls                      */
    uint16_t nframes;
    uint16_t truncated; /* 1: the stack is longer than what is kept                                 */
    uint32_t next;      /* the profiler's own                                                       */
    uint32_t hash;      /* the profiler's own                                                       */
    uint64_t taken;     /* samples, not weighted                                                    */
    uint64_t freed;
    uint64_t alloc_objects;
    uint64_t alloc_bytes; /* usable bytes                                                            */
    uint64_t live_objects;
    uint64_t live_bytes;
    uint64_t live_requested_bytes;
    uint64_t peak_objects; /* as `live_...` when `peak_epoch` of the profile last changed, if that is  */
    uint64_t peak_bytes;   /* this site's `peak_epoch`; else `live_...` has not changed since          */
    uint32_t peak_epoch;
    uint32_t grown;         /* times that it made the heap map more memory; each is counted            */
    uint64_t grown_bytes;   /* bytes of those                                                         */
    uint64_t short_objects; /* freed before the thread that made them was sampled again             */
    uint64_t lifetime_objects[AC_STATE_LIFETIMES]; /* freed: i-th < 1 us * 4^i, the last: all longer ones */
};

/* A sampled block that lives. */
struct ac_state_sample {
    uint64_t address; /* 0: row not in use. Written last                                             */
    uint64_t born_ns; /* CLOCK_MONOTONIC                                                            */
    uint64_t requested_bytes;
    uint64_t usable_bytes;
    uint64_t weight_objects; /* in parts of AC_STATE_WEIGHT_ONE                                      */
    uint32_t site;
    uint32_t tid;
    uint32_t class;    /* 0: over 32 KiB                                                                */
    uint32_t next;     /* the profiler's own                                                           */
    uint64_t sequence; /* the profiler's own                                                         */
};

/* A mapping of a file with code in it, so that addresses can be named after the process has gone. */
struct ac_state_module {
    uint64_t start; /* 0: row not in use */
    uint64_t end;
    uint64_t offset_bytes;   /* of `start` in the file                                                 */
    uint32_t build_id_bytes; /* 0: none found                                                        */
    uint8_t build_id[20];
    char path[208]; /* "" behind what does not fit                                                   */
};

/* An invariant of the heap that does not hold (verify/verify.h). */
struct ac_state_breach {
    uint64_t address; /* of the span, block, chunk, heap... it was seen in; 0: of nothing            */
    uint64_t found;
    uint64_t expected;
    char invariant[8]; /* its name in the headers                                                  */
    char what[96];     /* what is not as it must be                                                */
};

enum ac_state_leaks_outcome {
    AC_STATE_LEAKS_NONE,       /* not looked for                                             */
    AC_STATE_LEAKS_BEGUN,      /* and not ended                                              */
    AC_STATE_LEAKS_DONE,       /* the rest of the row is true                                */
    AC_STATE_LEAKS_BUSY,       /* the exit began in a handler that had interrupted malloc    */
    AC_STATE_LEAKS_FORBIDDEN,  /* by a filter of system calls                                */
    AC_STATE_LEAKS_NO_COPY,    /* the system refused to copy the process                     */
    AC_STATE_LEAKS_NO_MEMORY,  /* for the look itself                                        */
    AC_STATE_LEAKS_UNREADABLE, /* the process may not read its own memory or maps            */
    AC_STATE_LEAKS_LATE        /* it took longer than it may                                 */
};

/* Blocks, and what is known of them: those that were sampled have a stack and a weight. */
struct ac_state_leak_sum {
    uint64_t objects;
    uint64_t bytes; /* usable                                                               */
    uint64_t requested_bytes;
    uint64_t weight_objects; /* in parts of AC_STATE_WEIGHT_ONE                             */
    uint64_t weight_bytes;   /* of requested bytes, in whole ones                           */
};

/* Sampled blocks that were unreachable, by the place they were allocated at. */
struct ac_state_leak {
    uint32_t site;
    uint32_t reserved;
    struct ac_state_leak_sum direct;
    struct ac_state_leak_sum indirect; /* only pointed to by others that are unreachable     */
};

struct ac_state_leaks {
    uint32_t outcome; /* enum ac_state_leaks_outcome. Written last                            */
    uint32_t nrows;
    uint32_t dropped_rows;  /* places for which there was no row                            */
    uint32_t other_threads; /* that ran: what they held in registers was not seen            */
    uint64_t stopped_ns;    /* for so long no thread could allocate                         */
    uint64_t all_ns;        /* that the process ended later by                              */
    uint64_t live_objects;  /* that the heap had                                            */
    uint64_t live_bytes;
    uint64_t root_bytes;             /* memory that was looked through for pointers, besides the blocks  */
    struct ac_state_leak_sum direct; /* all that were unreachable; only objects and bytes    */
    struct ac_state_leak_sum indirect;
    struct ac_state_leak rows[AC_STATE_MAX_LEAKS];
};

enum ac_state_verify_flag {
    AC_STATE_VERIFY_CACHES = 1, /* all threads' caches were looked into                         */
    AC_STATE_VERIFY_SUMS = 2    /* the sums over everything were judged: nobody was at it        */
};

/* What the command asks of the process. It writes the argument, then adds one to `asked`; the process obeys
 * on its next slow path (or its helper does), writes the answer, then sets `done` to what it saw in
 * `asked`. */
struct ac_state_control {
    uint32_t trim_asked;
    uint32_t trim_done;
    uint64_t trim_bytes; /* given back by the last trim                                                   */
    uint32_t set_asked;
    uint32_t set_done;
    uint32_t set_option; /* row of `options`                                                              */
    uint32_t set_error;  /* 0, or an errno: ENOENT, EPERM, ERANGE                                         */
    uint64_t set_value;
    uint32_t fresh_asked; /* look at all threads' caches                                                  */
    uint32_t fresh_done;
    uint32_t profile_asked; /* start the profiler (profile_rate_bytes, 0: as it is set), or stop it       */
    uint32_t profile_done;
    uint32_t profile_on;    /* 1: start, 0: stop                                                       */
    uint32_t profile_error; /* 0, or an errno                                                          */
    uint64_t profile_rate_bytes;
    uint32_t verify_asked; /* hold the whole heap against its invariants                                   */
    uint32_t verify_begun; /* as `done`, when it begins: it may take a while                              */
    uint32_t verify_done;
    uint32_t verify_flags;    /* enum ac_state_verify_flag                                             */
    uint32_t verify_breaches; /* all that were found; the first of them are rows                       */
    uint32_t leaks_at_exit;   /* 1: look for what is unreachable when the program exits         */
    uint64_t verify_ns; /* the time it took                                                              */
};

struct ac_state_option {
    char name[24];
    uint64_t value;
};

struct ac_state {
    char magic[8];        /* AC_STATE_MAGIC, without a terminator; written last                */
    uint32_t version;     /* AC_STATE_VERSION                                                  */
    uint32_t size_bytes;  /* sizeof(struct ac_state)                                           */
    uint32_t pid;         /* the publishing process; 0: not claimed yet                        */
    uint32_t nstats;      /* rows of core/stat.def when the library was built                  */
    uint32_t nclasses;    /* rows used in `classes`                                            */
    uint32_t seq;         /* ST2                                                               */
    char library[32];     /* version of the library                                            */
    uint64_t total_bytes; /* with all sections                                                */
    uint64_t start_ns;    /* CLOCK_MONOTONIC at the first tick; 0: none yet                   */
    uint64_t tick_ns;     /* CLOCK_MONOTONIC when a slow path or the helper last looked up    */
    uint32_t exited;      /* 1: `now` is the state at exit                                    */
    uint32_t page_size_bytes;
    uint32_t now_offset; /* of `now` and `peak` in the segment                                */
    uint32_t peak_offset;
    uint32_t unit_bytes;
    uint32_t forks; /* that lie between the first process and this one                        */
    uint32_t noptions;
    uint32_t nsections;
    uint32_t ncenters;         /* rows in use                                                    */
    uint32_t nthreads;         /* rows in use                                                    */
    uint32_t missed_centers;   /* for which there was no row: sums are too low                  */
    uint32_t missed_threads;   /* the same: what they keep counts as live                       */
    uint32_t missed_addresses; /* pieces of memory for which there was no row                  */
    uint32_t bell;             /* the command adds 1 when it has asked for something            */
    uint64_t moments[3];       /* written so far to the rings of seconds, tens and minutes      */
    struct ac_state_section sections[AC_STATE_MAX_SECTIONS];
    struct ac_state_pages pages __attribute__((aligned(64)));
    struct ac_state_control control __attribute__((aligned(64)));
    struct ac_state_option options[AC_STATE_MAX_OPTIONS] __attribute__((aligned(64)));
    struct ac_state_class_facts facts[AC_STATE_MAX_CLASSES];
    struct ac_snapshot now;  /* the last one that the process itself made: at ticks with a file, at exit */
    struct ac_snapshot peak; /* at the highest memory use seen                                */
};

#endif

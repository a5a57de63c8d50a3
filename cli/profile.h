/* SPDX-License-Identifier: MIT
 *
 * profile.h -- a heap profile in memory: stacks and what was allocated from them, whatever it was read from.
 *
 *      sites    a stack each, leaf first, as numbers of frames; its values and how sure they are
 *      frames   a function at an address; those inlined into it stand before it in the stack
 *      modules  the files that the code came from
 *
 * Values are estimates (double), so that sums of them add up to the exact totals; ac_profile_whole() makes
 * integers of them that still do. In a difference of two profiles they may be negative.
 */
#ifndef AC_CLI_PROFILE_H
#define AC_CLI_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/state.h"
#include "intern.h"
#include "pack.h"
#include "segment.h"

/* The first four in the order of pprof's sample types. */
enum ac_profile_value {
    AC_PROFILE_ALLOC_OBJECTS,
    AC_PROFILE_ALLOC_SPACE,
    AC_PROFILE_INUSE_OBJECTS,
    AC_PROFILE_INUSE_SPACE,
    AC_PROFILE_PEAK_OBJECTS,
    AC_PROFILE_PEAK_SPACE,
    AC_PROFILE_REQUESTED_SPACE, /* of what is in use, as the program asked for it               */
    AC_PROFILE_WASTE_SPACE,     /* rounding, and the free blocks that those in use keep resident */
    AC_PROFILE_NVALUES
};

/* Its name in files ("inuse_space") and unit ("bytes" or "count"). */
const char *ac_profile_value_name(enum ac_profile_value value);
const char *ac_profile_value_unit(enum ac_profile_value value);

#define AC_PROFILE_HAS(value) (1u << (value))

/* A place in the code. Texts are "" when not known. */
struct ac_profile_frame {
    uint64_t address;        /* within the call: the return address minus one; 0: a frame without one    */
    uint32_t module;         /* number of it plus one; 0: none                                           */
    uint32_t line;           /* 0: not known                                                            */
    bool inlined;            /* into the frame that follows in the stack, which has the same address    */
    const char *function;    /* demangled                                                               */
    const char *system_name; /* as in the symbol table                                                 */
    const char *file;
};

struct ac_profile_module {
    uint64_t start;
    uint64_t end;
    uint64_t offset_bytes; /* of `start` in the file */
    const char *path;
    const char *build_id; /* in hex; "" when there is none */
};

struct ac_profile_site {
    size_t first; /* of its frames in `stacks` */
    uint32_t nframes;
    bool truncated; /* the stack went on outwards                              */
    bool unsampled; /* not a stack, but what no sample stands for: no error is known */
    uint64_t taken; /* samples behind the values, not weighted: all, */
    uint64_t live;  /* those of blocks in use                        */
    double values[AC_PROFILE_NVALUES];
    double variances[AC_PROFILE_NVALUES]; /* of the values, from the sampling; sums of them add */
    double before[AC_PROFILE_NVALUES];    /* in a difference: the values of the older profile  */
    double raw_inuse_objects;             /* before they were fitted to the exact counters     */
    double raw_inuse_space;
    double short_objects; /* freed before their thread was sampled again */
    double freed_objects[AC_STATE_LIFETIMES];
    uint64_t grown; /* times that it made the heap map more memory */
    uint64_t grown_bytes;
};

struct ac_profile {
    struct ac_profile_site *sites;
    size_t nsites;
    uint32_t *stacks; /* numbers of frames */
    size_t nstacks;
    struct ac_profile_frame *frames;
    size_t nframes;
    struct ac_profile_module *modules;
    size_t nmodules;
    const char **comments; /* for people: a line each */
    size_t ncomments;
    uint32_t has;             /* AC_PROFILE_HAS() of the values it has    */
    bool is_difference;       /* values are `after` minus `before`        */
    bool is_fitted;           /* what is in use adds up to exact counters */
    bool has_errors;          /* the variances mean something             */
    bool symbolized;          /* ac_profile_symbolize() has been over it  */
    uint64_t rate_bytes;      /* 0: not known; the profiler may have raised it meanwhile */
    uint64_t mean_rate_bytes; /* in force when what is in use was sampled; 0: the same */
    int64_t time_ns;          /* CLOCK_REALTIME when it was taken; 0: not known */
    int64_t duration_ns;      /* from the profiler's start to then        */
    uint64_t taken;           /* samples so far; 0: not known             */
    uint64_t freed;           /* of them                                  */
    uint64_t dropped_sites;   /* samples whose stack found no room: at the frame [no room for the stack] */
    uint64_t dropped_samples; /* samples that count as allocated only                                   */
    int32_t pid;              /* 0: not known                                                          */
    char program[64];         /* "" when not known                                                     */
    struct ac_pack *pack;     /* what it was read from; NULL: no pack. The profile's own               */
    /* The model's own. */
    size_t rooms[6];
    struct ac_intern strings;
    struct ac_intern frame_table;
    struct ac_intern stack_table;
    const char **texts;
    size_t ntexts;
};

/* Names of frames that are no code. */
#define AC_PROFILE_BEFORE "[allocated before profiling started]"
#define AC_PROFILE_UNSAMPLED "[not sampled]"
#define AC_PROFILE_NO_ROOM "[no room for the stack]"
#define AC_PROFILE_TRUNCATED "[truncated]"

/* With this begins a comment about functions that could not be named. */
#define AC_PROFILE_NOT_NAMED "not named:"

/* With this begins a comment of a profile whose values in use were fitted to exact counters. */
#define AC_PROFILE_FITTED "in use is fitted to the exact counters;"

/* ---- reading ---- */

enum { AC_PROFILE_WHY_BYTES = AC_SEGMENT_WHY_BYTES };

/* All reading functions: false with a sentence in `why` that says what to do. The profile begins as all
 * zero bytes, and is to be freed in either case. */

/* The profile that a state segment holds, with its totals fitted to the exact counters. */
bool ac_profile_from_view(const struct ac_view *view, struct ac_profile *out, char *why);

/* The same, which is loaded for it. */
bool ac_profile_from_segment(const struct ac_segment *segment, struct ac_profile *out, char *why);

/* Of a segment: its modules; then the stack of its i-th site. */
void ac_profile_take_modules(struct ac_profile *out, const struct ac_view *view);
struct ac_profile_site *ac_profile_take_site(struct ac_profile *out, const struct ac_view *view, uint32_t i);

void ac_profile_free(struct ac_profile *profile);

/* ---- making one ---- */

/* The one copy of a text; length -1: up to its end. */
const char *ac_profile_text(struct ac_profile *profile, const char *text, int64_t length);

/* The number of a frame; its texts are copied. Equal ones are one. */
uint32_t ac_profile_frame(struct ac_profile *profile, const struct ac_profile_frame *frame);

/* A frame that is a name only. */
uint32_t ac_profile_named(struct ac_profile *profile, const char *function);

/* The site of a stack, leaf first; new ones have no values. Valid until the next one is added. */
struct ac_profile_site *ac_profile_site(struct ac_profile *profile, const uint32_t *frames, size_t n);

uint32_t ac_profile_add_module(struct ac_profile *profile, const struct ac_profile_module *module);
void ac_profile_comment(struct ac_profile *profile, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts other stacks in the place of all; the sites' `first` and `nframes` are into the new ones. The array
 * is the profile's from then on. */
void ac_profile_replace_stacks(struct ac_profile *profile, uint32_t *stacks, size_t nstacks, size_t room);

/* ---- asking ---- */

double ac_profile_total(const struct ac_profile *profile, enum ac_profile_value value);

/* Half of the 95 % interval that belongs to a (sum of) variance. */
double ac_profile_margin(double variance);

/* For a profile from a file, which has none: the variances that follow from sizes, numbers and the rate. */
void ac_profile_estimate_errors(struct ac_profile *profile);

/* The value of every site as integers whose sum is the rounded total; to be freed. */
int64_t *ac_profile_whole(const struct ac_profile *profile, enum ac_profile_value value);

/* What a person is shown for a frame: function, or module+0xoffset. Returns text. */
const char *ac_profile_frame_name(const struct ac_profile *profile, const struct ac_profile_frame *frame,
                                  char *text, size_t text_bytes);

#endif

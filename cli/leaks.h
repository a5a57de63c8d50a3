/* SPDX-License-Identifier: MIT
 *
 * leaks.h -- what a program could not reach any more when it exited: read from its segment, suppressed,
 * shown.
 */
#ifndef AC_CLI_LEAKS_H
#define AC_CLI_LEAKS_H

#include "profile.h"

/* Blocks of one place; sums over the sampled ones, each counted for all it stands for. */
struct ac_leak {
    size_t site; /* of the profile */
    bool direct;
    bool small; /* below what was asked to be told */
    double objects;
    double bytes; /* as they were asked for */
    uint64_t samples;
    struct ac_suppression *suppression; /* NULL: none fits */
};

struct ac_leaks {
    struct ac_state_leaks head; /* without the rows */
    struct ac_profile profile;  /* the stacks alone */
    bool exact;                 /* every block was recorded */
    uint64_t dropped_stacks;
    uint64_t dropped_blocks;
    struct ac_leak *list; /* direct ones first, then the biggest */
    size_t n;
    double rest_objects[2]; /* indirect, direct: what no sample stands for */
    double rest_bytes[2];
    double found_objects; /* neither suppressed nor small */
    double found_bytes;
};

struct ac_suppression {
    char *pattern;
    double objects; /* that it has suppressed */
    double bytes;
};

struct ac_suppressions {
    struct ac_suppression *list;
    size_t n;
    size_t room;
};

/* Reads a file in the syntax of LeakSanitizer. False after saying what is wrong. */
bool ac_suppressions_read(const char *path, struct ac_suppressions *out);
void ac_suppressions_free(struct ac_suppressions *suppressions);

/* The first whose pattern is found in a function, file or module of the stack. */
struct ac_suppression *ac_suppressions_find(const struct ac_suppressions *suppressions,
                                            const struct ac_profile *profile,
                                            const struct ac_profile_site *site);

/* Whether a pattern of LeakSanitizer is found in a text: * stands for anything, ^ and $ for its ends. */
bool ac_suppression_matches(const char *pattern, const char *text);

/* Reads the answer, names the functions and judges. False with a sentence in `why` (AC_PROFILE_WHY_BYTES)
 * when there is no answer. To be freed in either case; it begins as all zero bytes. */
bool ac_leaks_read(const struct ac_view *view, const char *program,
                   const struct ac_suppressions *suppressions, uint64_t min_bytes, struct ac_leaks *out,
                   char *why);
void ac_leaks_free(struct ac_leaks *leaks);

/* False when it cannot be written. */
bool ac_leaks_write_text(const struct ac_leaks *leaks, const struct ac_suppressions *suppressions, FILE *out);
bool ac_leaks_write_json(const struct ac_leaks *leaks, const struct ac_suppressions *suppressions, FILE *out);

#endif

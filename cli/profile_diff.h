/* SPDX-License-Identifier: MIT
 *
 * profile_diff.h -- the difference of two heap profiles, and what may fail because of it.
 */
#ifndef AC_CLI_PROFILE_DIFF_H
#define AC_CLI_PROFILE_DIFF_H

#include "profile_format.h"

/* Makes `out` (all zero bytes) what is in `after` and not in `before`. Stacks are the same when their
 * functions are, by name and file: the two may be of other processes and other builds. */
void ac_profile_subtract(const struct ac_profile *before, const struct ac_profile *after,
                         struct ac_profile *out);

/* Half of the 95 % interval of a total, and whether it is known. What is in use may be exact. */
bool ac_profile_total_margin(const struct ac_profile *profile, enum ac_profile_value value,
                             double *out_margin);

/* A limit as --fail-if takes it: "inuse>+5%", "alloc>+10M", "peak_space>1G". */
struct ac_limit {
    const char *text;
    enum ac_profile_value value;
    bool is_change; /* what grew, else what is there now */
    bool is_share;  /* in percent of what was there before */
    double most;
};

/* False after saying what is wrong with it. */
bool ac_limit_parse(const char *text, struct ac_limit *out);

/* Whether a difference passes the limit by more than its sampling error; says which, on stderr. */
bool ac_limit_is_passed(const struct ac_limit *limit, const struct ac_profile *difference);

bool ac_profile_write_diff_text(const struct ac_profile *difference, const struct ac_profile_show *show,
                                FILE *out);
bool ac_profile_write_diff_json(const struct ac_profile *difference, const struct ac_profile_show *show,
                                FILE *out);

#endif

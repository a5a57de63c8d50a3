/* SPDX-License-Identifier: MIT
 *
 * statistics.h -- what runs taken in turns say about the ratio of two programs' costs, and how sure that is.
 */
#ifndef AC_CLI_STATISTICS_H
#define AC_CLI_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* A ratio whose median is nearer to 1 than this is nothing to talk about, however sure it is. */
#define AC_SAME 0.01

enum {
    AC_ROUNDS_MAX = 1000,
    AC_ROUNDS_TO_TELL = 6 /* with fewer all may lie on one side by chance in more than one case of 20 */
};

enum ac_verdict {
    AC_VERDICT_NONE, /* there is no ratio: the other's figure is 0                            */
    AC_VERDICT_FEW,  /* too few rounds to tell                                                */
    AC_VERDICT_SAME, /* no significant difference                                             */
    AC_VERDICT_LESS,
    AC_VERDICT_MORE
};

struct ac_ratio {
    double median;
    double low; /* bootstrap interval, 95 %                                                 */
    double high;
    enum ac_verdict verdict;
};

double ac_median(const double *values, size_t nvalues);

/* The ratio of ours to theirs, taken within each round. Drawn anew with a fixed seed, so that the same runs
 * give the same interval. */
struct ac_ratio ac_ratio_of(const double *ours, const double *theirs, size_t nrounds);

/* The next number of the sequence that *state, not 0, begins. */
uint64_t ac_random(uint64_t *state);

#endif

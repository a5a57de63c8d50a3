/* SPDX-License-Identifier: MIT
 *
 * statistics.c -- what runs taken in turns say about the ratio of two programs' costs, and how sure that is.
 *
 * Each ratio is taken within one round, between runs that were neighbours in time, so that a machine that
 * gets slower in between spoils the times but not the ratio. Medians, since a run that was disturbed says
 * nothing. The interval is a bootstrap one: the rounds are drawn anew with replacement, and of the medians
 * of the draws the middle 95 % count.
 */
#include "statistics.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 2000, TAIL = DRAWS / 40 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static double median_of(double *values, size_t nvalues)
{
    qsort(values, nvalues, sizeof(*values), by_value);
    return nvalues % 2 ? values[nvalues / 2] : (values[nvalues / 2 - 1] + values[nvalues / 2]) / 2;
}

double ac_median(const double *values, size_t nvalues)
{
    double sorted[AC_ROUNDS_MAX];
    if (nvalues == 0)
        return 0;
    memcpy(sorted, values, nvalues * sizeof(*values));
    return median_of(sorted, nvalues);
}

/* xorshift64*, Marsaglia and Vigna. */
uint64_t ac_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

static void bootstrap(const double *ratios, size_t nrounds, struct ac_ratio *out)
{
    static double medians[DRAWS];
    double drawn[AC_ROUNDS_MAX];
    uint64_t state = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < DRAWS; i++) {
        for (size_t j = 0; j < nrounds; j++)
            drawn[j] = ratios[ac_random(&state) % nrounds];
        medians[i] = median_of(drawn, nrounds);
    }
    qsort(medians, DRAWS, sizeof(medians[0]), by_value);
    out->low = medians[TAIL];
    out->high = medians[DRAWS - 1 - TAIL];
}

static enum ac_verdict judge(const struct ac_ratio *ratio, size_t nrounds)
{
    if (fabs(ratio->median - 1) < AC_SAME || (ratio->low <= 1 && ratio->high >= 1))
        return AC_VERDICT_SAME;
    if (nrounds < AC_ROUNDS_TO_TELL)
        return AC_VERDICT_FEW;
    return ratio->median < 1 ? AC_VERDICT_LESS : AC_VERDICT_MORE;
}

struct ac_ratio ac_ratio_of(const double *ours, const double *theirs, size_t nrounds)
{
    struct ac_ratio out = {0, 0, 0, AC_VERDICT_NONE};
    double ratios[AC_ROUNDS_MAX];
    for (size_t i = 0; i < nrounds; i++) {
        if (theirs[i] <= 0)
            return out;
        ratios[i] = ours[i] / theirs[i];
    }
    if (nrounds == 0)
        return out;
    out.median = ac_median(ratios, nrounds);
    bootstrap(ratios, nrounds, &out);
    out.verdict = judge(&out, nrounds);
    return out;
}

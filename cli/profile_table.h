/* SPDX-License-Identifier: MIT
 *
 * profile_table.h -- a profile added up by places in the code: what is allocated there, and below it.
 */
#ifndef AC_CLI_PROFILE_TABLE_H
#define AC_CLI_PROFILE_TABLE_H

#include "profile_format.h"

struct ac_profile_row {
    const struct ac_profile_frame *frame; /* one of the place's */
    bool unsampled;
    uint64_t samples; /* behind the flat values */
    double flat[AC_PROFILE_NVALUES];
    double flat_variance[AC_PROFILE_NVALUES];
    double flat_before[AC_PROFILE_NVALUES];
    double cum[AC_PROFILE_NVALUES];
    double cum_variance[AC_PROFILE_NVALUES];
    double short_objects;
    double freed_objects[AC_STATE_LIFETIMES];
};

/* The rows of all places (function, file and line; or the address), the biggest flat first, in a
 * difference the biggest change; to be freed. */
struct ac_profile_row *ac_profile_rows(const struct ac_profile *profile, enum ac_profile_value value,
                                       size_t *out_n);

/* The number of objects that goes with a size. */
enum ac_profile_value ac_profile_objects_of(enum ac_profile_value value);

/* Fewer samples say too little about a place. */
enum { AC_PROFILE_FEW = 10 };

/* The time under which half of the freed blocks lived, as text; "-" when none was freed. */
const char *ac_profile_median_life(const double freed_objects[AC_STATE_LIFETIMES], char text[32]);

#endif

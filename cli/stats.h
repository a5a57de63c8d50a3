/* SPDX-License-Identifier: MIT
 *
 * stats.h -- the rows of core/stat.def as the command needs them: an index and a name for each.
 */
#ifndef AC_CLI_STATS_H
#define AC_CLI_STATS_H

#include "core/stat.h"

#define AC_NSTATS AC_STAT_COUNT

/* Names in the order of the rows; the keys of every JSON report. */
extern const char *const ac_stat_names[AC_NSTATS];

#endif

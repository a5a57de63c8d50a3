/* SPDX-License-Identifier: MIT
 *
 * stats.h -- the rows of core/stat.def as the command needs them: an index and a name for each.
 */
#ifndef AC_CLI_STATS_H
#define AC_CLI_STATS_H

#include <stddef.h>

enum ac_stat_index {
#define AC_STAT(name, kind, unit, help) AC_STAT_##name,
#include "core/stat.def"
#undef AC_STAT
    AC_NSTATS
};

/* Names in the order of the rows; the keys of every JSON report. */
extern const char *const ac_stat_names[AC_NSTATS];

#endif

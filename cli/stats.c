/* SPDX-License-Identifier: MIT
 *
 * stats.c -- the names of the statistics.
 */
#include "stats.h"

const char *const ac_stat_names[AC_NSTATS] = {
#define AC_STAT(name, kind, unit, help) #name,
#include "core/stat.def"
#undef AC_STAT
};

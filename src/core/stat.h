/* SPDX-License-Identifier: MIT
 *
 * stat.h -- the rows of stat.def as indices.
 *
 * Knows:      their order.
 * Does not know: who counts, who shows.
 * Invariants: none.
 * Threads:    constants.
 */
#ifndef AC_CORE_STAT_H
#define AC_CORE_STAT_H

enum ac_stat {
#define AC_STAT(name, kind, unit, help) AC_STAT_##name,
#include "core/stat.def"
#undef AC_STAT
    AC_STAT_COUNT
};

#endif

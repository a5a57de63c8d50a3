/* SPDX-License-Identifier: MIT
 *
 * stat.h -- the rows of stat.def: an index, a name, what it means. The command has this table too.
 *
 * Knows:      their order.
 * Does not know: who counts, who shows.
 * Invariants: none.
 * Threads:    constants.
 */
#ifndef AC_CORE_STAT_H
#define AC_CORE_STAT_H

#include <stdbool.h>

enum ac_stat {
#define AC_STAT(name, kind, unit, help) AC_STAT_##name,
#include "core/stat.def"
#undef AC_STAT
    AC_STAT_COUNT
};

struct ac_stat_row {
    const char *name; /* the key of every report */
    const char *help;
    bool is_counter; /* it only grows */
};

extern const struct ac_stat_row ac_stat_row[AC_STAT_COUNT];

#endif

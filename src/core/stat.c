/* SPDX-License-Identifier: MIT */
#include "core/stat.h"

enum kind { GAUGE, COUNTER };

const struct ac_stat_row ac_stat_row[AC_STAT_COUNT] = {
#define AC_STAT(name, kind, unit, help) {#name, help, (kind) == COUNTER},
#include "core/stat.def"
#undef AC_STAT
};

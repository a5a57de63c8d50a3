/* SPDX-License-Identifier: MIT
 *
 * option.h -- the options: one table, parsed from `key=value,key=value`.
 *
 * Knows:      option.def and where values came from.
 * Does not know: what an option does.
 * Invariants: OP1 ac_option_value[i] is always inside the row's range.
 * Threads:    read without a lock (single words); written at start and by acre_option_set.
 */
#ifndef AC_CORE_OPTION_H
#define AC_CORE_OPTION_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

enum ac_option {
#define AC_OPTION(name, type, dflt, min, max, unit, when, help) AC_OPTION_##name,
#include "core/option.def"
#undef AC_OPTION
    AC_OPTION_COUNT,
    AC_OPTION_SECRET = AC_OPTION_COUNT /* hardened mode's secret, kept on the same page (harden.h) */
};

enum ac_option_type {
    AC_OPTION_TYPE_BOOL,
    AC_OPTION_TYPE_SIZE,
    AC_OPTION_TYPE_MS,
    AC_OPTION_TYPE_COUNT,
    AC_OPTION_TYPE_POW2, /* a size, and a power of two unless it is the default */
    AC_OPTION_TYPE_ACTION
};
enum ac_option_action { AC_ACTION_ABORT, AC_ACTION_TRAP, AC_ACTION_REPORT };
enum ac_option_when { AC_OPTION_WHEN_START, AC_OPTION_WHEN_RUN };

struct ac_option_row {
    const char *name;
    size_t dflt;
    size_t min;
    size_t max;
    uint8_t type;
    uint8_t when;
};

extern const struct ac_option_row ac_option_row[AC_OPTION_COUNT];
/* A page of its own, which hardened mode makes read-only. */
#define AC_OPTION_PAGE_BYTES 4096u
extern size_t ac_option_value[AC_OPTION_PAGE_BYTES / sizeof(size_t)] AC_ALIGNED(AC_OPTION_PAGE_BYTES);

/* Index of a name of `len` bytes, or -1. */
int ac_option_find(const char *name, size_t len);

/* True when a value is inside the row's range and of its kind. */
bool ac_option_accepts(int option, size_t value);

/* Apply `key=value,...`; the value of the key "state" is copied to out_state (state_cap bytes, "" when
 * absent). Each bad item is skipped with one warning on stderr. Sizes take K, M, G; booleans 0/1, yes/no,
 * on/off, true/false. */
void ac_option_parse(const char *text, char *out_state, size_t state_cap);

#endif

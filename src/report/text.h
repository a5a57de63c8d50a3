/* SPDX-License-Identifier: MIT
 *
 * text.h -- a snapshot as text for people (malloc_stats), XML (malloc_info), JSON, Prometheus'.
 *
 * Knows:      the rows of stat.def by name.
 * Does not know: where the text goes.
 * Invariants: none.
 * Threads:    pure functions on the caller's buffer.
 */
#ifndef AC_REPORT_TEXT_H
#define AC_REPORT_TEXT_H

#include "base/fmt.h"
#include "report/snapshot.h"

/* Enough for each. */
#define AC_TEXT_MAX_BYTES 16384u

void ac_text_people(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out);
void ac_text_json(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out);
void ac_text_prometheus(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out);
void ac_text_xml(const struct ac_snapshot *snapshot, const char *version, struct ac_fmt *out);

#endif

/* SPDX-License-Identifier: MIT
 *
 * report.h -- room for a snapshot and its text, in a mapping of its own: too large for the stacks that
 * threads may have, and a heap that is looked at should not change.
 *
 * Knows:      mappings.
 * Does not know: which text is made.
 * Invariants: RP1 a zero follows the text.
 * Threads:    each report belongs to its caller.
 */
#ifndef AC_REPORT_REPORT_H
#define AC_REPORT_REPORT_H

#include "report/text.h"

struct ac_report {
    struct ac_snapshot snapshot;
    struct ac_fmt text;
    char buffer[AC_TEXT_MAX_BYTES];
};

/* With a snapshot taken and no text. NULL: no memory. */
struct ac_report *ac_report_begin(void);
void ac_report_end(struct ac_report *r);

#endif

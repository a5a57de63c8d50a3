/* SPDX-License-Identifier: MIT
 *
 * chart.h -- charts of a comparison as inline SVG, which needs no script and no library, and HTML's quoting.
 */
#ifndef AC_CLI_CHART_H
#define AC_CLI_CHART_H

#include "compare.h"

/* A dot for each run of each allocator on a common axis, and a line at the median. */
void ac_chart_runs(const struct ac_comparison *comparison, enum ac_metric metric, FILE *out);

/* Resident memory of all processes over time, of each allocator's run of median wall time. */
void ac_chart_memory(const struct ac_comparison *comparison, FILE *out);

/* Text with &, <, > and quotes as HTML wants them. */
void ac_chart_put_text(const char *text, FILE *out);

#endif

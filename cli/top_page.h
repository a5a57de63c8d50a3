/* SPDX-License-Identifier: MIT
 *
 * top_page.h -- the pages of `acre top`, as lines: of one process, and of all that run on acre.
 */
#ifndef AC_CLI_TOP_PAGE_H
#define AC_CLI_TOP_PAGE_H

#include "lines.h"
#include "look.h"

enum ac_top_view { AC_TOP_PARTS, AC_TOP_CLASSES, AC_TOP_THREADS, AC_TOP_TIMELINE, AC_TOP_ALL, AC_TOP_VIEWS };

struct ac_top_page {
    enum ac_top_view view; /* AC_TOP_ALL: one below the other, for --once  */
    size_t skip;           /* lines of the list passed over                */
    size_t rows;           /* of the list to show                          */
    bool utf8;
};

/* `before` is the look a moment ago, for rates, or NULL. */
void ac_top_page_make(const struct ac_look *look, const struct ac_look *before,
                      const struct ac_top_page *page, struct ac_lines *out);

/* The values as one line of bars, the last `columns` of them, scaled to the highest. */
void ac_top_spark(const uint64_t *values, size_t nvalues, size_t columns, bool utf8, char *out,
                  size_t out_bytes);

#endif

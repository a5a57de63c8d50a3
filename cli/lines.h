/* SPDX-License-Identifier: MIT
 *
 * lines.h -- a page of text, made once and shown either way: printed, or drawn on a screen.
 */
#ifndef AC_CLI_LINES_H
#define AC_CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { AC_LINE_BYTES = 512, AC_MAX_LINES = 512 };

enum ac_line_look { AC_LINE_PLAIN, AC_LINE_BOLD, AC_LINE_HEAD };

struct ac_lines {
    size_t n;
    enum ac_line_look looks[AC_MAX_LINES];
    char text[AC_MAX_LINES][AC_LINE_BYTES];
};

/* Appends a line; what is too long is cut, what is too much dropped. */
void ac_lines_add(struct ac_lines *lines, enum ac_line_look look, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Bytes of the first `columns` columns of UTF-8 text; every character counts as one column. */
size_t ac_lines_fit(const char *text, size_t columns);

void ac_lines_print(const struct ac_lines *lines, FILE *out);

#endif

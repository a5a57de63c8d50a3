/* SPDX-License-Identifier: MIT
 *
 * format.h -- numbers as people read them: binary units, grouped digits, seconds.
 */
#ifndef AC_CLI_FORMAT_H
#define AC_CLI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum { AC_TEXT_BYTES = 32 };

/* "96 B", "12.0 KiB", "1.5 GiB"; a negative number keeps its sign. Returns text. */
const char *ac_format_bytes(int64_t bytes, char text[AC_TEXT_BYTES]);

/* "1 204 331". Returns text. */
const char *ac_format_count(uint64_t count, char text[AC_TEXT_BYTES]);

/* "0.012 s", "83.4 s", "2 h 03 min". Returns text. */
const char *ac_format_duration(uint64_t ns, char text[AC_TEXT_BYTES]);

/* part of whole in percent; 0 of nothing. */
double ac_percent(int64_t part, uint64_t whole);

/* Copies text with every byte that could disturb a terminal or break the line replaced by '?', cut with
 * "..." when it does not fit. UTF-8 passes. */
void ac_format_safely(const char *text, char *out, size_t out_bytes);

#endif

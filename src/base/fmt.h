/* SPDX-License-Identifier: MIT
 *
 * fmt.h -- text into a fixed buffer, for places where stdio may not be called.
 *
 * Knows:      decimal and hexadecimal.
 * Does not know: where the text goes.
 * Invariants: FM1 len <= cap; text that does not fit is cut, never written past the end.
 * Threads:    the buffer is the caller's. Async-signal-safe.
 */
#ifndef AC_BASE_FMT_H
#define AC_BASE_FMT_H

#include <stddef.h>
#include <stdint.h>

struct ac_fmt {
    char *buf;
    size_t cap;
    size_t len;
};

void ac_fmt_char(struct ac_fmt *f, char c);
void ac_fmt_str(struct ac_fmt *f, const char *s);
void ac_fmt_dec(struct ac_fmt *f, uint64_t n);
void ac_fmt_hex(struct ac_fmt *f, uint64_t n);
void ac_fmt_pad(struct ac_fmt *f, size_t column);

#endif

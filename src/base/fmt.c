/* SPDX-License-Identifier: MIT */
#include "base/fmt.h"

void ac_fmt_char(struct ac_fmt *f, char c)
{
    if (f->len < f->cap)
        f->buf[f->len++] = c;
}

void ac_fmt_str(struct ac_fmt *f, const char *s)
{
    while (*s != '\0')
        ac_fmt_char(f, *s++);
}

static void fmt_number(struct ac_fmt *f, uint64_t n, unsigned radix)
{
    char digits[20];
    unsigned ndigits = 0;
    do {
        digits[ndigits++] = "0123456789abcdef"[n % radix];
        n /= radix;
    } while (n != 0);
    while (ndigits > 0)
        ac_fmt_char(f, digits[--ndigits]);
}

void ac_fmt_dec(struct ac_fmt *f, uint64_t n)
{
    fmt_number(f, n, 10);
}

void ac_fmt_hex(struct ac_fmt *f, uint64_t n)
{
    ac_fmt_str(f, "0x");
    fmt_number(f, n, 16);
}

/* Blanks up to a column of the current line (a line is everything in the buffer so far). */
void ac_fmt_pad(struct ac_fmt *f, size_t column)
{
    while (f->len < column && f->len < f->cap)
        ac_fmt_char(f, ' ');
}

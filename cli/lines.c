/* SPDX-License-Identifier: MIT
 *
 * lines.c -- a page of text.
 */
#include "lines.h"

#include <stdarg.h>

void ac_lines_add(struct ac_lines *lines, enum ac_line_look look, const char *format, ...)
{
    va_list args;
    if (lines->n == AC_MAX_LINES)
        return;
    va_start(args, format);
    vsnprintf(lines->text[lines->n], AC_LINE_BYTES, format, args);
    va_end(args);
    lines->looks[lines->n++] = look;
}

size_t ac_lines_fit(const char *text, size_t columns)
{
    size_t bytes = 0;
    size_t seen = 0;
    while (text[bytes] != '\0') {
        bool starts = ((unsigned char)text[bytes] & 0xC0) != 0x80;
        if (starts && seen++ == columns)
            break;
        bytes++;
    }
    return bytes;
}

void ac_lines_print(const struct ac_lines *lines, FILE *out)
{
    for (size_t i = 0; i < lines->n; i++)
        fprintf(out, "%s\n", lines->text[i]);
}

/* SPDX-License-Identifier: MIT
 *
 * format.c -- numbers as people read them: binary units, grouped digits, seconds.
 */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *ac_format_bytes(int64_t bytes, char text[AC_TEXT_BYTES])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double amount = (double)bytes;
    size_t unit = 0;
    /* 1023.95 would be printed as 1024.0. */
    while ((amount >= 1023.95 || amount <= -1023.95) && unit + 1 < sizeof(units) / sizeof(units[0])) {
        amount /= 1024;
        unit++;
    }
    snprintf(text, AC_TEXT_BYTES, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text;
}

const char *ac_format_count(uint64_t count, char text[AC_TEXT_BYTES])
{
    char digits[24];
    int ndigits = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    char *out = text;
    for (int i = 0; i < ndigits; i++) {
        if (i > 0 && (ndigits - i) % 3 == 0)
            *out++ = ' ';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

const char *ac_format_duration(uint64_t ns, char text[AC_TEXT_BYTES])
{
    double seconds = (double)ns / 1e9;
    uint64_t minutes = ns / 60000000000u;
    if (seconds < 10)
        snprintf(text, AC_TEXT_BYTES, "%.3f s", seconds);
    else if (minutes < 10)
        snprintf(text, AC_TEXT_BYTES, "%.1f s", seconds);
    else if (minutes < 60)
        snprintf(text, AC_TEXT_BYTES, "%" PRIu64 " min %02" PRIu64 " s", minutes, ns / 1000000000u % 60);
    else
        snprintf(text, AC_TEXT_BYTES, "%" PRIu64 " h %02" PRIu64 " min", minutes / 60, minutes % 60);
    return text;
}

double ac_percent(int64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

void ac_format_safely(const char *text, char *out, size_t out_bytes)
{
    size_t length = strlen(text);
    size_t kept = length < out_bytes ? length : out_bytes - 4;
    /* Not in the middle of a UTF-8 sequence. */
    while (kept < length && kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--;
    for (size_t i = 0; i < kept; i++) {
        unsigned char byte = (unsigned char)text[i];
        out[i] = byte < 0x20 || byte == 0x7f ? '?' : text[i];
    }
    strcpy(out + kept, kept < length ? "..." : "");
}

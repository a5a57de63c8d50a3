/* SPDX-License-Identifier: MIT
 *
 * profile_text.c -- the places that allocate most, as a table for people.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "outline.h"
#include "profile_diff.h"
#include "profile_table.h"

enum { WHERE_BYTES = 512, MAX_TEMPLATE = 16 };
enum { MIN_SHARE = 100 }; /* of the whole, for a caller to be shown */

static const char *const about[AC_PROFILE_NVALUES] = {
    [AC_PROFILE_ALLOC_SPACE] = "allocated since the profiler started",
    [AC_PROFILE_INUSE_SPACE] = "in use",
    [AC_PROFILE_PEAK_SPACE] = "in use when that was most",
    [AC_PROFILE_WASTE_SPACE] = "wasted: rounding to size classes, and the free blocks beside those in use",
};

static void put_head(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out)
{
    char bytes[AC_TEXT_BYTES];
    char count[AC_TEXT_BYTES];
    char rate[AC_TEXT_BYTES];
    enum ac_profile_value objects = ac_profile_objects_of(show->value);
    double total = ac_profile_total(profile, show->value);
    double margin;
    if (profile->pid != 0)
        fprintf(out, "process %" PRId32 "%s%s: ", profile->pid, profile->program[0] ? " " : "",
                profile->program);
    fprintf(out, "%s %s", ac_format_bytes((int64_t)(total + 0.5), bytes), about[show->value]);
    if (ac_profile_total_margin(profile, show->value, &margin) && margin >= 0.5)
        fprintf(out, ", +- %s", ac_format_bytes((int64_t)margin, bytes));
    if (show->value != AC_PROFILE_WASTE_SPACE && profile->has & AC_PROFILE_HAS(objects))
        fprintf(out, ", %s objects",
                ac_format_count((uint64_t)(ac_profile_total(profile, objects) + 0.5), count));
    if (profile->taken != 0)
        fprintf(out, "; %s samples, now one every %s", ac_format_count(profile->taken, count),
                ac_format_bytes((int64_t)profile->rate_bytes, rate));
    fputc('\n', out);
    for (size_t i = 0; i < profile->ncomments; i++) {
        if (strncmp(profile->comments[i], AC_PROFILE_NOT_NAMED, strlen(AC_PROFILE_NOT_NAMED)) == 0)
            fprintf(out, "%s\n", profile->comments[i]);
    }
    if (profile->dropped_sites || profile->dropped_samples)
        fprintf(out,
                "dropped: the stacks of %" PRIu64
                " samples had no room (they stand at %s), the blocks of %" PRIu64
                " neither (they count as allocated only): a higher --rate takes fewer\n",
                profile->dropped_sites, AC_PROFILE_NO_ROOM, profile->dropped_samples);
}

/* Where the parameters of a C++ function begin; its length when it shows none. */
static size_t without_parameters(const char *name)
{
    int depth = 0;
    size_t n = strlen(name);
    for (size_t i = n; i-- > 0;) {
        depth += name[i] == ')' ? 1 : name[i] == '(' ? -1 : 0;
        if (depth == 0 && name[i] == '(')
            return i >= 8 && memcmp(name + i - 8, "operator", 8) == 0 ? n : i;
        if (depth == 0 && i + 6 < n) /* behind the parameters stands at most " const" */
            break;
    }
    return n;
}

/* A name without its parameters and long template arguments, which say little and fill the line. */
static void shorten(const char *name, char *out, size_t out_bytes)
{
    size_t length = without_parameters(name);
    size_t at = 0;
    for (size_t i = 0; i < length && at + 1 < out_bytes; i++) {
        out[at++] = name[i];
        if (name[i] != '<' || i == 0 || !(isalnum((unsigned char)name[i - 1]) || name[i - 1] == '_') ||
            (i >= 8 && memcmp(name + i - 8, "operator", 8) == 0))
            continue;
        size_t end = i + 1;
        for (int depth = 1; end < length && depth > 0; end++)
            depth += name[end] == '<' ? 1 : name[end] == '>' && name[end - 1] != '-' ? -1 : 0;
        if (end - i <= MAX_TEMPLATE || at + 4 >= out_bytes)
            continue;
        memcpy(out + at, "...>", 4);
        at += 4;
        i = end - 1;
    }
    out[at] = '\0';
}

/* "function  file:line"; the file without its folders. */
static void describe(const struct ac_profile *profile, const struct ac_profile_frame *frame, char *out)
{
    char name[WHERE_BYTES];
    char place[WHERE_BYTES];
    const char *slash = strrchr(frame->file, '/');
    char function[WHERE_BYTES];
    shorten(ac_profile_frame_name(profile, frame, name, sizeof(name)), function, sizeof(function));
    if (frame->file[0] != '\0')
        snprintf(place, sizeof(place), "%.300s  %.150s:%" PRIu32, function, slash ? slash + 1 : frame->file,
                 frame->line);
    else
        snprintf(place, sizeof(place), "%.500s", function);
    ac_format_safely(place, out, WHERE_BYTES);
}

static const char *margin_text(const struct ac_profile *profile, bool unsampled, double variance, char *text)
{
    if (!profile->has_errors || unsampled)
        return "-";
    return ac_format_bytes((int64_t)ac_profile_margin(variance), text);
}

static const char *count_margin(const struct ac_profile *profile, bool unsampled, double variance, char *text)
{
    if (!profile->has_errors || unsampled)
        return "-";
    return ac_format_count((uint64_t)ac_profile_margin(variance), text);
}

static const char *count_text(double count, char *text)
{
    text[0] = '-';
    ac_format_count((uint64_t)(count < 0 ? 0.5 - count : count + 0.5), text + (count <= -0.5));
    return text;
}

static void put_row(const struct ac_profile *profile, const struct ac_profile_row *row,
                    enum ac_profile_value value, double total, FILE *out)
{
    char text[4][AC_TEXT_BYTES + 1];
    char where[WHERE_BYTES];
    enum ac_profile_value objects = ac_profile_objects_of(value);
    describe(profile, row->frame, where);
    fprintf(out, "%11s %10s %5.1f %%", ac_format_bytes((int64_t)row->flat[value], text[0]),
            margin_text(profile, row->unsampled, row->flat_variance[value], text[1]),
            total > 0 ? 100 * row->flat[value] / total : 0);
    fprintf(out, " %11s %9s", count_text(row->flat[objects], text[2]),
            count_margin(profile, row->unsampled, row->flat_variance[objects], text[3]));
    fprintf(out, " %11s %5.1f %%  %s\n", ac_format_bytes((int64_t)row->cum[value], text[0]),
            total > 0 ? 100 * row->cum[value] / total : 0, where);
}

static double sum_of(const double *numbers, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += numbers[i];
    return sum;
}

static void put_life(const struct ac_profile *profile, const struct ac_profile_row *row, double total,
                     FILE *out)
{
    char text[2][AC_TEXT_BYTES];
    char life[32];
    char where[WHERE_BYTES];
    double made = row->flat[AC_PROFILE_ALLOC_OBJECTS];
    double freed = sum_of(row->freed_objects, AC_STATE_LIFETIMES);
    double bytes = row->flat[AC_PROFILE_ALLOC_SPACE];
    describe(profile, row->frame, where);
    fprintf(out, "%11s %10s %5.1f %% %6.1f %% %7.1f %%  %8s  %s\n", ac_format_bytes((int64_t)bytes, text[0]),
            margin_text(profile, row->unsampled, row->flat_variance[AC_PROFILE_ALLOC_SPACE], text[1]),
            total > 0 ? 100 * bytes / total : 0, made > 0 ? 100 * freed / made : 0,
            made > 0 ? 100 * row->short_objects / made : 0, ac_profile_median_life(row->freed_objects, life),
            where);
}

static void put_rows(const struct ac_profile *profile, const struct ac_profile_show *show,
                     const struct ac_profile_row *rows, size_t n, FILE *out)
{
    double total = ac_profile_total(profile, show->value);
    bool colour = ac_outline_wants_colour(out);
    size_t shown = 0;
    for (size_t i = 0; i < n && (show->nlines == 0 || shown < show->nlines); i++) {
        bool few = colour && profile->has_errors && !rows[i].unsampled && rows[i].samples < AC_PROFILE_FEW;
        if (rows[i].flat[show->value] < 0.5)
            break;
        fputs(few ? "\033[2m" : "", out);
        if (show->lifetime)
            put_life(profile, &rows[i], total, out);
        else
            put_row(profile, &rows[i], show->value, total, out);
        fputs(few ? "\033[0m" : "", out);
        shown++;
    }
}

static int by_cum(const void *a, const void *b, void *context)
{
    enum ac_profile_value value = *(const enum ac_profile_value *)context;
    double x = ((const struct ac_profile_row *)a)->cum[value];
    double y = ((const struct ac_profile_row *)b)->cum[value];
    return (x < y) - (x > y);
}

/* Below which everything is. */
static bool is_start(const char *function)
{
    static const char *const names[] = {"_start", "__libc_start", "start_thread", "clone"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strncmp(function, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

/* The places that matter for what is called from there: a wrapper of malloc has callers. */
static void put_callers(const struct ac_profile *profile, const struct ac_profile_show *show,
                        struct ac_profile_row *rows, size_t n, FILE *out)
{
    enum ac_profile_value value = show->value;
    double total = ac_profile_total(profile, value);
    size_t shown = 0;
    qsort_r(rows, n, sizeof(*rows), by_cum, &value);
    for (size_t i = 0; i < n && (show->nlines == 0 || shown < show->nlines / 2); i++) {
        if (rows[i].cum[value] < total / MIN_SHARE)
            break;
        if (rows[i].cum[value] < rows[i].flat[value] + 0.5 || is_start(rows[i].frame->function))
            continue;
        if (shown++ == 0)
            fputs("callers, by what is allocated below them:\n", out);
        put_row(profile, &rows[i], value, total, out);
    }
}

bool ac_profile_write_text(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out,
                           char *why)
{
    size_t n;
    (void)why;
    if (profile->is_difference)
        return ac_profile_write_diff_text(profile, show, out);
    struct ac_profile_row *rows = ac_profile_rows(profile, show->value, &n);
    put_head(profile, show, out);
    if (show->lifetime)
        fputs("  ALLOCATED     +-95%   SHARE    FREED  SHORT-LIVED  HALF-LIFE  WHERE\n", out);
    else
        fputs("       FLAT     +-95%   SHARE     OBJECTS     +-95%         CUM   SHARE  WHERE\n", out);
    put_rows(profile, show, rows, n, out);
    if (!show->lifetime)
        put_callers(profile, show, rows, n, out);
    free(rows);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * profile_diff_text.c -- the difference of two heap profiles as a table, and as JSON, schema acre.diff/1.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "outline.h"
#include "profile_diff.h"
#include "profile_table.h"

enum { WHERE_BYTES = 512 };

/* A number of the value's unit with its sign. */
static const char *signed_text(enum ac_profile_value value, double number, char text[AC_TEXT_BYTES + 1])
{
    bool bytes = strcmp(ac_profile_value_unit(value), "bytes") == 0;
    text[0] = number < 0 ? '-' : '+';
    if (bytes)
        ac_format_bytes((int64_t)fabs(number), text + 1);
    else
        ac_format_count((uint64_t)(fabs(number) + 0.5), text + 1);
    return text;
}

static const char *plain_text(enum ac_profile_value value, double number, char text[AC_TEXT_BYTES + 1])
{
    return signed_text(value, number, text) + 1;
}

static bool is_sure(double change, double margin)
{
    return fabs(change) > margin;
}

static double total_before(const struct ac_profile *profile, enum ac_profile_value value)
{
    double sum = 0;
    for (size_t i = 0; i < profile->nsites; i++)
        sum += profile->sites[i].before[value];
    return sum;
}

static void put_head(const struct ac_profile *profile, enum ac_profile_value value, FILE *out)
{
    char text[4][AC_TEXT_BYTES + 1];
    double margin;
    double before = total_before(profile, value);
    double change = ac_profile_total(profile, value);
    bool known = ac_profile_total_margin(profile, value, &margin);
    fprintf(out, "%s: %s -> %s, %s", ac_profile_value_name(value), plain_text(value, before, text[0]),
            plain_text(value, before + change, text[1]), signed_text(value, change, text[2]));
    if (before > 0)
        fprintf(out, " (%+.1f %%)", 100 * change / before);
    if (!known)
        fputs("; the sampling error is not known", out);
    else if (margin < 0.5)
        fputs(", exact", out);
    else
        fprintf(out, " +- %s%s", plain_text(value, margin, text[3]),
                is_sure(change, margin) ? "" : ": no significant difference");
    fputc('\n', out);
}

static void put_row(const struct ac_profile *profile, const struct ac_profile_row *row,
                    enum ac_profile_value value, FILE *out)
{
    char text[4][AC_TEXT_BYTES + 1];
    char name[WHERE_BYTES];
    char where[WHERE_BYTES];
    double change = row->flat[value];
    double margin = ac_profile_margin(row->flat_variance[value]);
    bool known = profile->has_errors && !row->unsampled;
    ac_format_safely(ac_profile_frame_name(profile, row->frame, name, sizeof(name)), where, sizeof(where));
    fprintf(out, "%12s %11s  %-6s %11s %11s  %s%s%s\n", signed_text(value, change, text[0]),
            known ? plain_text(value, margin, text[1]) : "-",
            !known                    ? "?"
            : is_sure(change, margin) ? "yes"
                                      : "no",
            plain_text(value, row->flat_before[value], text[2]),
            plain_text(value, row->flat_before[value] + change, text[3]), where,
            row->frame->file[0] ? "  " : "", row->frame->file);
}

bool ac_profile_write_diff_text(const struct ac_profile *difference, const struct ac_profile_show *show,
                                FILE *out)
{
    size_t n;
    size_t shown = 0;
    bool colour = ac_outline_wants_colour(out);
    struct ac_profile_row *rows = ac_profile_rows(difference, show->value, &n);
    put_head(difference, show->value, out);
    fputs("      CHANGE      +-95%  SURE        BEFORE       AFTER  WHERE\n", out);
    for (size_t i = 0; i < n && (show->nlines == 0 || shown < show->nlines); i++) {
        double change = rows[i].flat[show->value];
        bool dim = colour && !is_sure(change, ac_profile_margin(rows[i].flat_variance[show->value]));
        if (fabs(change) < 0.5)
            break;
        fputs(dim ? "\033[2m" : "", out);
        put_row(difference, &rows[i], show->value, out);
        fputs(dim ? "\033[0m" : "", out);
        shown++;
    }
    free(rows);
    return fflush(out) == 0;
}

/* ---- JSON ---- */

static json_t *make_change(double before, double change, bool known, double margin)
{
    json_t *object = json_pack("{s:I, s:I, s:I}", "before", (json_int_t)llround(before), "after",
                               (json_int_t)llround(before + change), "change", (json_int_t)llround(change));
    if (known) {
        json_object_set_new(object, "margin", json_integer(llround(margin)));
        json_object_set_new(object, "significant", json_boolean(is_sure(change, margin)));
    }
    return object;
}

bool ac_profile_write_diff_json(const struct ac_profile *difference, const struct ac_profile_show *show,
                                FILE *out)
{
    size_t n;
    double margin;
    char name[WHERE_BYTES];
    enum ac_profile_value value = show->value;
    struct ac_profile_row *rows = ac_profile_rows(difference, value, &n);
    bool known = ac_profile_total_margin(difference, value, &margin);
    json_t *places = json_array();
    for (size_t i = 0; i < n && (show->nlines == 0 || i < show->nlines) && fabs(rows[i].flat[value]) >= 0.5;
         i++) {
        json_t *place = make_change(rows[i].flat_before[value], rows[i].flat[value],
                                    difference->has_errors && !rows[i].unsampled,
                                    ac_profile_margin(rows[i].flat_variance[value]));
        const char *function = ac_profile_frame_name(difference, rows[i].frame, name, sizeof(name));
        json_object_set_new(place, "name", ac_json_text(function));
        if (rows[i].frame->file[0] != '\0')
            json_object_set_new(place, "file", ac_json_text(rows[i].frame->file));
        json_array_append_new(places, place);
    }
    free(rows);
    json_t *total =
        make_change(total_before(difference, value), ac_profile_total(difference, value), known, margin);
    json_t *root = json_pack("{s:s, s:s, s:o, s:o}", "schema", "acre.diff/1", "value",
                             ac_profile_value_name(value), "total", total, "places", places);
    bool ok = json_dumpf(root, out, JSON_INDENT(1)) == 0;
    fputc('\n', out);
    json_decref(root);
    return ok && fflush(out) == 0;
}

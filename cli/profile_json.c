/* SPDX-License-Identifier: MIT
 *
 * profile_json.c -- the places that allocate most, as JSON, schema acre.profile/1.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "profile_table.h"

/* All values the profile has, rounded. */
static json_t *make_values(const struct ac_profile *profile, const double *values)
{
    json_t *object = json_object();
    for (int v = 0; v < AC_PROFILE_NVALUES; v++) {
        if (profile->has & AC_PROFILE_HAS(v))
            json_object_set_new(object, ac_profile_value_name((enum ac_profile_value)v),
                                json_integer(llround(values[v])));
    }
    return object;
}

static json_t *make_margins(const struct ac_profile *profile, const double *variances)
{
    double margins[AC_PROFILE_NVALUES];
    for (size_t v = 0; v < AC_PROFILE_NVALUES; v++)
        margins[v] = ac_profile_margin(variances[v]);
    return make_values(profile, margins);
}

static json_t *make_row(const struct ac_profile *profile, const struct ac_profile_row *row)
{
    const struct ac_profile_frame *frame = row->frame;
    json_t *object = ac_json_frame(profile, frame);
    if (frame->module != 0)
        json_object_set_new(object, "module", ac_json_text(profile->modules[frame->module - 1].path));
    json_object_set_new(object, "flat", make_values(profile, row->flat));
    json_object_set_new(object, "cum", make_values(profile, row->cum));
    if (profile->has_errors && !row->unsampled) {
        ac_json_set(object, "samples", row->samples);
        json_object_set_new(object, "flat_margin", make_margins(profile, row->flat_variance));
        json_object_set_new(object, "cum_margin", make_margins(profile, row->cum_variance));
    }
    return object;
}

static json_t *make_rows(const struct ac_profile *profile, const struct ac_profile_show *show)
{
    size_t n;
    struct ac_profile_row *rows = ac_profile_rows(profile, show->value, &n);
    json_t *array = json_array();
    for (size_t i = 0; i < n && (show->nlines == 0 || i < show->nlines); i++)
        json_array_append_new(array, make_row(profile, &rows[i]));
    free(rows);
    return array;
}

bool ac_profile_write_json(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out)
{
    double totals[AC_PROFILE_NVALUES];
    double raw[2] = {0, 0};
    json_t *root = json_object();
    for (int v = 0; v < AC_PROFILE_NVALUES; v++)
        totals[v] = ac_profile_total(profile, (enum ac_profile_value)v);
    for (size_t i = 0; i < profile->nsites; i++) {
        raw[0] += profile->sites[i].raw_inuse_objects;
        raw[1] += profile->sites[i].raw_inuse_space;
    }
    json_object_set_new(root, "schema", json_string("acre.profile/1"));
    if (profile->pid != 0)
        ac_json_set(root, "pid", (uint64_t)profile->pid);
    if (profile->program[0] != '\0')
        json_object_set_new(root, "program", ac_json_text(profile->program));
    json_object_set_new(root, "value", json_string(ac_profile_value_name(show->value)));
    ac_json_set(root, "rate_bytes", profile->rate_bytes);
    json_object_set_new(root, "time_ns", json_integer(profile->time_ns));
    json_object_set_new(root, "duration_ns", json_integer(profile->duration_ns));
    ac_json_set(root, "samples", profile->taken);
    ac_json_set(root, "samples_freed", profile->freed);
    ac_json_set(root, "dropped_stacks", profile->dropped_sites);
    ac_json_set(root, "dropped_blocks", profile->dropped_samples);
    json_object_set_new(root, "total", make_values(profile, totals));
    json_object_set_new(root, "raw_inuse_objects", json_integer(llround(raw[0])));
    json_object_set_new(root, "raw_inuse_space", json_integer(llround(raw[1])));
    json_object_set_new(root, "places", make_rows(profile, show));
    bool ok = json_dumpf(root, out, JSON_INDENT(1)) == 0;
    putc('\n', out);
    json_decref(root);
    return ok && fflush(out) == 0;
}

/* SPDX-License-Identifier: MIT
 *
 * speedscope.c -- a heap profile as speedscope's JSON: one profile in the file for every value.
 */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "profile_format.h"

static json_t *make_frames(const struct ac_profile *profile)
{
    json_t *frames = json_array();
    for (size_t i = 0; i < profile->nframes; i++)
        json_array_append_new(frames, ac_json_frame(profile, &profile->frames[i]));
    return frames;
}

static json_t *make_stack(const struct ac_profile *profile, const struct ac_profile_site *site)
{
    json_t *stack = json_array();
    for (uint32_t i = site->nframes; i-- > 0;)
        json_array_append_new(stack, json_integer(profile->stacks[site->first + i]));
    return stack;
}

static json_t *make_value(const struct ac_profile *profile, enum ac_profile_value value)
{
    json_t *samples = json_array();
    json_t *weights = json_array();
    int64_t *whole = ac_profile_whole(profile, value);
    int64_t sum = 0;
    for (size_t i = 0; i < profile->nsites; i++) {
        if (whole[i] <= 0)
            continue;
        json_array_append_new(samples, make_stack(profile, &profile->sites[i]));
        json_array_append_new(weights, json_integer(whole[i]));
        sum += whole[i];
    }
    free(whole);
    const char *unit = strcmp(ac_profile_value_unit(value), "bytes") == 0 ? "bytes" : "none";
    return json_pack("{s:s, s:s, s:s, s:i, s:I, s:o, s:o}", "type", "sampled", "name",
                     ac_profile_value_name(value), "unit", unit, "startValue", 0, "endValue", (json_int_t)sum,
                     "samples", samples, "weights", weights);
}

bool ac_profile_write_speedscope(const struct ac_profile *profile, const struct ac_profile_show *show,
                                 FILE *out, char *why)
{
    json_t *profiles = json_array();
    size_t active = 0;
    if (profile->is_difference) {
        snprintf(why, AC_PROFILE_WHY_BYTES,
                 "speedscope has no negative numbers; .folded can show a difference");
        json_decref(profiles);
        return false;
    }
    for (int v = 0; v < AC_PROFILE_NVALUES; v++) {
        if (!(profile->has & AC_PROFILE_HAS(v)))
            continue;
        if (v == (int)show->value)
            active = json_array_size(profiles);
        json_array_append_new(profiles, make_value(profile, (enum ac_profile_value)v));
    }
    json_t *root =
        json_pack("{s:s, s:s, s:o, s:I, s:{s:o}, s:o}", "$schema",
                  "https://www.speedscope.app/file-format-schema.json", "exporter", "acre", "name",
                  ac_json_text(profile->program[0] ? profile->program : "heap profile"), "activeProfileIndex",
                  (json_int_t)active, "shared", "frames", make_frames(profile), "profiles", profiles);
    json_dumpf(root, out, JSON_COMPACT);
    putc('\n', out);
    json_decref(root);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * profile_diff.c -- the difference of two heap profiles.
 */
#include "profile_diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "conf.h"
#include "format.h"

enum { MAX_FRAMES = 65536 };

static bool has_files(const struct ac_profile *profile)
{
    for (size_t i = 0; i < profile->nframes; i++) {
        if (profile->frames[i].file[0] != '\0')
            return true;
    }
    return false;
}

/* A frame as another process, or another build, may have it too. */
static uint32_t common_frame(const struct ac_profile *from, uint32_t number, bool files,
                             struct ac_profile *to)
{
    char text[512];
    const struct ac_profile_frame *frame = &from->frames[number];
    const char *slash = strrchr(frame->file, '/');
    return ac_profile_frame(
        to, &(struct ac_profile_frame){.function = ac_profile_frame_name(from, frame, text, sizeof(text)),
                                       .file = !files  ? ""
                                               : slash ? slash + 1
                                                       : frame->file});
}

static void add(const struct ac_profile *from, double sign, bool files, struct ac_profile *to)
{
    static uint32_t stack[MAX_FRAMES];
    uint32_t *common = ac_zeroed(from->nframes, sizeof(*common));
    for (uint32_t i = 0; i < from->nframes; i++)
        common[i] = common_frame(from, i, files, to);
    for (size_t i = 0; i < from->nsites; i++) {
        const struct ac_profile_site *site = &from->sites[i];
        uint32_t n = site->nframes < MAX_FRAMES ? site->nframes : MAX_FRAMES;
        for (uint32_t k = 0; k < n; k++)
            stack[k] = common[from->stacks[site->first + k]];
        struct ac_profile_site *sum = ac_profile_site(to, stack, n);
        sum->unsampled |= site->unsampled;
        sum->truncated |= site->truncated;
        sum->taken += site->taken;
        sum->live += site->live;
        for (size_t v = 0; v < AC_PROFILE_NVALUES; v++) {
            sum->values[v] += sign * site->values[v];
            sum->variances[v] += site->variances[v];
            if (sign < 0)
                sum->before[v] += site->values[v];
        }
    }
    free(common);
}

void ac_profile_subtract(const struct ac_profile *before, const struct ac_profile *after,
                         struct ac_profile *out)
{
    bool files = has_files(before) && has_files(after);
    out->has = before->has & after->has;
    out->is_difference = true;
    out->has_errors = before->has_errors && after->has_errors;
    out->is_fitted = before->is_fitted && after->is_fitted;
    out->symbolized = true;
    out->rate_bytes = after->rate_bytes;
    out->time_ns = after->time_ns;
    out->duration_ns = after->time_ns > before->time_ns ? after->time_ns - before->time_ns : 0;
    add(before, -1, files, out);
    add(after, 1, files, out);
}

bool ac_profile_total_margin(const struct ac_profile *profile, enum ac_profile_value value,
                             double *out_margin)
{
    double variance = 0;
    bool in_use = value == AC_PROFILE_INUSE_OBJECTS || value == AC_PROFILE_INUSE_SPACE;
    for (size_t i = 0; i < profile->nsites; i++)
        variance += profile->sites[i].variances[value];
    *out_margin = profile->is_fitted && in_use ? 0 : ac_profile_margin(variance);
    return profile->has_errors || (profile->is_fitted && in_use);
}

/* ---- limits ---- */

/* "inuse" is inuse_space. */
static bool parse_value(const char *text, size_t length, enum ac_profile_value *out)
{
    for (int v = 0; v < AC_PROFILE_NVALUES; v++) {
        const char *name = ac_profile_value_name((enum ac_profile_value)v);
        const char *end = strchr(name, '_');
        bool whole = strlen(name) == length && memcmp(name, text, length) == 0;
        bool first =
            strcmp(end, "_space") == 0 && (size_t)(end - name) == length && memcmp(name, text, length) == 0;
        if (whole || first) {
            *out = (enum ac_profile_value)v;
            return true;
        }
    }
    return false;
}

static bool parse_most(const char *text, struct ac_limit *out)
{
    size_t length = strlen(text);
    uint64_t size;
    char *end;
    if (length > 0 && text[length - 1] == '%') {
        out->is_share = true;
        out->most = strtod(text, &end);
        return out->is_change && end == text + length - 1;
    }
    bool ok = ac_size_parse(text, length, &size);
    out->most = ok ? (double)size : 0;
    return ok;
}

bool ac_limit_parse(const char *text, struct ac_limit *out)
{
    const char *above = strchr(text, '>');
    *out = (struct ac_limit){.text = text};
    if (above) {
        out->is_change = above[1] == '+';
        if (parse_value(text, (size_t)(above - text), &out->value) &&
            parse_most(above + 1 + out->is_change, out))
            return true;
    }
    ac_error(
        "--fail-if '%s' is no limit; it is written as 'inuse>+5%%', 'alloc>+10M' or 'peak>1G', with inuse, "
        "alloc, peak, waste, requested, or a sample type such as inuse_objects",
        text);
    return false;
}

bool ac_limit_is_passed(const struct ac_limit *limit, const struct ac_profile *difference)
{
    double margin;
    double before = 0;
    double change = ac_profile_total(difference, limit->value);
    for (size_t i = 0; i < difference->nsites; i++)
        before += difference->sites[i].before[limit->value];
    bool known = ac_profile_total_margin(difference, limit->value, &margin);
    double now = limit->is_change ? change : before + change;
    double most = limit->is_share ? before * limit->most / 100 : limit->most;
    if (now <= most)
        return false;
    if (known && now - margin <= most) {
        ac_error("%s: passed, but by no more than the sampling error; a smaller --rate tells", limit->text);
        return false;
    }
    ac_error("%s: it is %+.1f %%", limit->text, before > 0 ? 100 * change / before : 100.0);
    return true;
}

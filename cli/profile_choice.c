/* SPDX-License-Identifier: MIT
 *
 * profile_choice.c -- what the commands that read profiles understand alike.
 */
#include "profile_choice.h"

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "hidden.h"
#include "symbol.h"

bool ac_profile_parse_lines(const char *text, size_t *out)
{
    char *end;
    *out = strtoul(text, &end, 10);
    if (end != text && *end == '\0')
        return true;
    ac_error("-n %s is no number of lines; 0 is all of them", text);
    return false;
}

static void say_lacking(const char *path, const struct ac_profile *profile, enum ac_profile_value value)
{
    char names[256] = "";
    for (int v = 0; v < AC_PROFILE_NVALUES; v++) {
        size_t at = strlen(names);
        if (profile->has & AC_PROFILE_HAS(v))
            snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "",
                     ac_profile_value_name((enum ac_profile_value)v));
    }
    ac_error("%s has no %s; it has %s", path, ac_profile_value_name(value), names);
}

bool ac_profile_open(const char *path, struct ac_profile_show *inout_show, bool value_given,
                     struct ac_profile *out)
{
    char why[AC_PROFILE_WHY_BYTES];
    if (!ac_profile_load(path, out, why)) {
        ac_error("%s", why);
        return false;
    }
    if (!value_given && !(out->has & AC_PROFILE_HAS(inout_show->value)))
        inout_show->value = AC_PROFILE_ALLOC_SPACE;
    if (!(out->has & AC_PROFILE_HAS(inout_show->value))) {
        say_lacking(path, out, inout_show->value);
        return false;
    }
    ac_profile_symbolize(out);
    ac_profile_hide(out);
    return true;
}

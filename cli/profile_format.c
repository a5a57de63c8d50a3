/* SPDX-License-Identifier: MIT
 *
 * profile_format.c -- which form a file is to have, and files written whole or not at all.
 */
#include "profile_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static const struct ac_profile_format formats[] = {
#define AC_PROFILE_FORMAT(name, suffix, help) {#name, suffix, help, ac_profile_write_##name},
#include "profile_format.def"
#undef AC_PROFILE_FORMAT
};
enum { NFORMATS = sizeof(formats) / sizeof(formats[0]) };

static const char *format_name(size_t i, const void *unused)
{
    (void)unused;
    return formats[i].name;
}

static void say_unknown(const char *name)
{
    char names[256] = "";
    const char *near = ac_nearest(name, NFORMATS, format_name, NULL);
    for (size_t i = 0; i < NFORMATS; i++) {
        size_t at = strlen(names);
        snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "", formats[i].name);
    }
    if (near)
        ac_error("there is no format '%s'; did you mean '%s'? There are %s", name, near, names);
    else
        ac_error("there is no format '%s'; there are %s", name, names);
}

bool ac_path_ends_in(const char *path, const char *suffix)
{
    size_t n = strlen(path);
    size_t m = strlen(suffix);
    return n >= m && strcmp(path + n - m, suffix) == 0;
}

const struct ac_profile_format *ac_profile_format_for(const char *name, const char *path)
{
    char suffixes[256] = "";
    for (size_t i = 0; i < NFORMATS; i++) {
        if (name ? strcmp(name, formats[i].name) == 0 : ac_path_ends_in(path, formats[i].suffix))
            return &formats[i];
        size_t at = strlen(suffixes);
        snprintf(suffixes + at, sizeof(suffixes) - at, "%s%s", i ? ", " : "", formats[i].suffix);
    }
    if (name)
        say_unknown(name);
    else
        ac_error("the end of the name %s says nothing about its format; it may be %s, or --format names one",
                 path, suffixes);
    return NULL;
}

static bool finish(FILE *out)
{
    bool ok = fflush(out) == 0 && !ferror(out);
    if (out != stdout && fclose(out) != 0)
        ok = false;
    return ok;
}

bool ac_profile_save(const struct ac_profile *profile, const struct ac_profile_show *show,
                     const struct ac_profile_format *format, const char *path)
{
    char why[AC_PROFILE_WHY_BYTES];
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "we");
    if (!out) {
        ac_error("cannot write %s: %s", path, strerror(errno));
        return false;
    }
    bool ok = format->write(profile, show, out, why);
    if (!ok)
        ac_error("cannot write %s as %s: %s", path, format->name, why);
    if (!finish(out) && ok) {
        ac_error("could not write all of %s: %s", path, strerror(errno));
        ok = false;
    }
    if (!ok && !to_stdout)
        unlink(path);
    return ok;
}

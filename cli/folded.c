/* SPDX-License-Identifier: MIT
 *
 * folded.c -- collapsed stacks: "root;...;leaf NUMBER" a line, as flamegraph.pl and its relatives take them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profile_format.h"

enum { NAME_BYTES = 512, MAX_FRAMES = 4096 };
static const double most = (double)(UINT64_C(1) << 60);

/* A name may hold anything but what separates names and lines. */
static void put_name(const char *name, FILE *out)
{
    for (; *name; name++)
        putc(*name == ';' ? ':' : *name == '\n' ? ' ' : *name, out);
}

static void put_stack(const struct ac_profile *profile, const struct ac_profile_site *site, FILE *out)
{
    char text[NAME_BYTES];
    for (uint32_t i = site->nframes; i-- > 0;) {
        const struct ac_profile_frame *frame = &profile->frames[profile->stacks[site->first + i]];
        put_name(ac_profile_frame_name(profile, frame, text, sizeof(text)), out);
        putc(i > 0 ? ';' : ' ', out);
    }
}

static void write_difference(const struct ac_profile *profile, enum ac_profile_value value, FILE *out)
{
    for (size_t i = 0; i < profile->nsites; i++) {
        const struct ac_profile_site *site = &profile->sites[i];
        double before = site->before[value];
        double after = before + site->values[value];
        if (before < 0.5 && after < 0.5)
            continue;
        put_stack(profile, site, out);
        fprintf(out, "%.0f %.0f\n", before, after);
    }
}

bool ac_profile_write_folded(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out,
                             char *why)
{
    (void)why;
    if (profile->is_difference) {
        write_difference(profile, show->value, out);
        return true;
    }
    int64_t *whole = ac_profile_whole(profile, show->value);
    for (size_t i = 0; i < profile->nsites; i++) {
        if (whole[i] <= 0)
            continue;
        put_stack(profile, &profile->sites[i], out);
        fprintf(out, "%" PRId64 "\n", whole[i]);
    }
    free(whole);
    return true;
}

/* ---- reading ---- */

/* Adds the stack of a line, its number cut off. */
static bool add_line(struct ac_profile *out, char *line, double number)
{
    uint32_t frames[MAX_FRAMES];
    uint32_t leaf_first[MAX_FRAMES];
    size_t n = 0;
    for (char *name = line; name && n < MAX_FRAMES;) {
        char *end = strchr(name, ';');
        if (end)
            *end++ = '\0';
        frames[n++] = ac_profile_named(out, name);
        name = end;
    }
    for (size_t i = 0; i < n; i++)
        leaf_first[i] = frames[n - 1 - i];
    ac_profile_site(out, leaf_first, n)->values[AC_PROFILE_INUSE_SPACE] += number;
    return n > 0;
}

bool ac_folded_read(const char *text, size_t n, struct ac_profile *out, char *why)
{
    size_t number = 0;
    char *copy = ac_zeroed(n + 1, 1);
    char *rest = memcpy(copy, text, n);
    bool ok = true;
    out->has = AC_PROFILE_HAS(AC_PROFILE_INUSE_SPACE);
    out->symbolized = true;
    for (char *line; ok && (line = strsep(&rest, "\n")) != NULL;) {
        char *end;
        char *space = strrchr(line, ' ');
        number++;
        if (line[0] == '\0')
            continue;
        double value = space ? strtod(space + 1, &end) : 0;
        ok = space && end != space + 1 && *end == '\0' && value >= 0 && value <= most;
        if (ok)
            *space = '\0';
        ok = ok && add_line(out, line, value);
    }
    free(copy);
    if (!ok)
        snprintf(why, AC_PROFILE_WHY_BYTES, "its line %zu is no stack `root;...;leaf NUMBER`", number);
    return ok;
}

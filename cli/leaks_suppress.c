/* SPDX-License-Identifier: MIT
 *
 * leaks_suppress.c -- suppressions as LeakSanitizer has them: "leak:PATTERN", a line each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "leaks.h"

/* Whether the text from here on is what the pattern says. */
static bool matches_here(const char *pattern, const char *text)
{
    for (; pattern[0] != '\0' && pattern[0] != '*'; pattern++, text++) {
        if (pattern[0] == '$' && pattern[1] == '\0')
            return text[0] == '\0';
        if (pattern[0] != text[0])
            return false;
    }
    return pattern[0] == '\0' || ac_suppression_matches(pattern + 1, text);
}

bool ac_suppression_matches(const char *pattern, const char *text)
{
    if (pattern[0] == '^')
        return matches_here(pattern + 1, text);
    do {
        if (matches_here(pattern, text))
            return true;
    } while (*text++ != '\0');
    return false;
}

static bool take_line(char *line, const char *path, size_t number, struct ac_suppressions *out)
{
    line += strspn(line, " \t");
    line[strcspn(line, "\r\n")] = '\0';
    for (size_t n = strlen(line); n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'); n--)
        line[n - 1] = '\0';
    if (line[0] == '\0' || line[0] == '#')
        return true;
    if (strncmp(line, "leak:", 5) != 0 || line[5] == '\0') {
        ac_error("%s, line %zu: `%s` is no suppression; they are written as leak:PATTERN", path, number,
                 line);
        return false;
    }
    out->list = ac_grow(out->list, out->n, &out->room, 1, sizeof(*out->list));
    out->list[out->n++] = (struct ac_suppression){.pattern = strdup(line + 5)};
    return out->list[out->n - 1].pattern != NULL;
}

bool ac_suppressions_read(const char *path, struct ac_suppressions *out)
{
    char line[4096];
    bool ok = true;
    FILE *file = fopen(path, "re");
    if (!file) {
        ac_error("cannot read the suppressions %s: %s", path, strerror(errno));
        return false;
    }
    for (size_t number = 1; ok && fgets(line, sizeof(line), file); number++)
        ok = take_line(line, path, number, out);
    fclose(file);
    return ok;
}

void ac_suppressions_free(struct ac_suppressions *suppressions)
{
    for (size_t i = 0; i < suppressions->n; i++)
        free(suppressions->list[i].pattern);
    free(suppressions->list);
}

static bool fits_frame(const char *pattern, const struct ac_profile *profile,
                       const struct ac_profile_frame *frame)
{
    const char *module = frame->module != 0 ? profile->modules[frame->module - 1].path : "";
    return (frame->function[0] != '\0' && ac_suppression_matches(pattern, frame->function)) ||
           (frame->file[0] != '\0' && ac_suppression_matches(pattern, frame->file)) ||
           (module[0] != '\0' && ac_suppression_matches(pattern, module));
}

struct ac_suppression *ac_suppressions_find(const struct ac_suppressions *suppressions,
                                            const struct ac_profile *profile,
                                            const struct ac_profile_site *site)
{
    for (size_t i = 0; i < suppressions->n; i++) {
        for (size_t k = 0; k < site->nframes; k++) {
            const struct ac_profile_frame *frame = &profile->frames[profile->stacks[site->first + k]];
            if (fits_frame(suppressions->list[i].pattern, profile, frame))
                return &suppressions->list[i];
        }
    }
    return NULL;
}

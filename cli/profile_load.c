/* SPDX-License-Identifier: MIT
 *
 * profile_load.c -- a heap profile from a file, whatever its form.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile_format.h"

struct content {
    uint8_t *bytes;
    size_t n;
};

static const size_t most_bytes = (size_t)1 << 30;

static bool slurp(const char *path, struct content *out, char *why)
{
    size_t room = 0;
    FILE *in = fopen(path, "re");
    *out = (struct content){0};
    while (in && !feof(in) && !ferror(in) && out->n < most_bytes) {
        out->bytes = ac_grow(out->bytes, out->n, &room, (size_t)1 << 16, 1);
        out->n += fread(out->bytes + out->n, 1, (size_t)1 << 16, in);
    }
    bool ok = in && !ferror(in);
    if (!ok)
        snprintf(why, AC_PROFILE_WHY_BYTES, "%s", strerror(errno));
    if (in)
        fclose(in);
    return ok;
}

static bool begins(const struct content *content, const char *text)
{
    size_t n = strlen(text);
    return content->n >= n && memcmp(content->bytes, text, n) == 0;
}

bool ac_profile_from_segment(const struct ac_segment *segment, struct ac_profile *out, char *why)
{
    struct ac_view view;
    bool ok = ac_view_load(segment, &view, why);
    if (ok) {
        ok = ac_profile_from_view(&view, out, why);
        ac_view_free(&view);
    }
    return ok;
}

static bool load_state(const char *path, struct ac_profile *out, char *why)
{
    struct ac_segment segment;
    bool ok = ac_segment_open(path, &segment, why) && ac_profile_from_segment(&segment, out, why);
    ac_segment_close(&segment);
    return ok;
}

static bool unpack(struct content *content, char *why)
{
    if (!begins(content, "\x1f\x8b"))
        return true;
    size_t n;
    uint8_t *bytes = ac_gzip_unpack(content->bytes, content->n, &n, why);
    free(content->bytes);
    *content = (struct content){bytes, n};
    return bytes != NULL;
}

static bool read_content(const char *path, const struct content *content, struct ac_profile *out, char *why)
{
    const char *text = (const char *)content->bytes;
    if (content->n == 0) {
        snprintf(why, AC_PROFILE_WHY_BYTES, "it is empty");
        return false;
    }
    if (begins(content, "heap profile:") || begins(content, "heap_v2/"))
        return ac_heap_text_read(text, content->n, out, why);
    if (ac_path_ends_in(path, ".folded") || ac_path_ends_in(path, ".collapsed"))
        return ac_folded_read(text, content->n, out, why);
    return ac_pprof_read(content->bytes, content->n, out, why);
}

bool ac_profile_load(const char *path, struct ac_profile *out, char *why)
{
    char reason[AC_PROFILE_WHY_BYTES] = "";
    struct content content;
    memset(out, 0, sizeof(*out));
    bool ok = slurp(path, &content, reason);
    if (ok && begins(&content, AC_STATE_MAGIC))
        ok = load_state(path, out, reason);
    else if (ok)
        ok = unpack(&content, reason) && read_content(path, &content, out, reason);
    free(content.bytes);
    if (!ok)
        snprintf(why, AC_PROFILE_WHY_BYTES, "cannot read the profile %.150s: %.320s", path, reason);
    return ok;
}

/* SPDX-License-Identifier: MIT
 *
 * profile_load.c -- a heap profile from a file, whatever its form.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

uint8_t *ac_slurp(const char *path, size_t *out_n, char *why)
{
    struct content content;
    if (!slurp(path, &content, why)) {
        free(content.bytes);
        return NULL;
    }
    *out_n = content.n;
    return content.bytes;
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

static bool load(const char *path, bool packed, struct ac_profile *out, char *why);

/* The profile in a pack, which stays with it for its names. */
static bool load_packed(const struct content *content, struct ac_profile *out, char *why)
{
    char path[64];
    struct ac_pack *pack = ac_pack_read(content->bytes, content->n, why);
    if (!pack)
        return false;
    int fd = ac_pack_open(pack, AC_PACK_PROFILE);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (fd < 0)
        snprintf(why, AC_PROFILE_WHY_BYTES, "it is a tar, but not one of `acre pack`: it has no profile");
    bool ok = fd >= 0 && load(path, true, out, why);
    if (fd >= 0)
        close(fd);
    out->pack = pack;
    return ok;
}

/* `packed`: it is a profile within a pack, where a pack is none. */
static bool load(const char *path, bool packed, struct ac_profile *out, char *why)
{
    struct content content;
    bool ok = slurp(path, &content, why);
    if (ok && begins(&content, AC_STATE_MAGIC))
        ok = load_state(path, out, why);
    else if (ok && unpack(&content, why) && !packed && ac_pack_is(content.bytes, content.n))
        ok = load_packed(&content, out, why);
    else
        ok = ok && content.bytes && read_content(path, &content, out, why);
    free(content.bytes);
    return ok;
}

bool ac_profile_load(const char *path, struct ac_profile *out, char *why)
{
    char reason[AC_PROFILE_WHY_BYTES] = "";
    memset(out, 0, sizeof(*out));
    bool ok = load(path, false, out, reason);
    if (!ok)
        snprintf(why, AC_PROFILE_WHY_BYTES, "cannot read the profile %.150s: %.320s", path, reason);
    return ok;
}

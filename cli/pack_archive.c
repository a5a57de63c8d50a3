/* SPDX-License-Identifier: MIT
 *
 * pack_archive.c -- packs by libarchive. Where that is missing, pack_none.c stands in.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "intern.h"
#include "pack.h"
#include "profile.h"

enum { MOST_MEMBERS = 4096 };

/* ---- reading ---- */

static int open_memory(struct archive *in, const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd >= 0 && archive_read_data_into_fd(in, fd) != ARCHIVE_OK) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool take_members(struct archive *in, struct ac_pack *pack, char *why)
{
    struct archive_entry *entry;
    int status;
    while ((status = archive_read_next_header(in, &entry)) == ARCHIVE_OK && pack->n < MOST_MEMBERS) {
        const char *name = archive_entry_pathname(entry);
        if (!name || strlen(name) >= AC_PACK_NAME_BYTES || archive_entry_filetype(entry) != AE_IFREG)
            continue;
        pack->members = ac_grow(pack->members, pack->n, &pack->room, 1, sizeof(*pack->members));
        struct ac_pack_member *member = &pack->members[pack->n];
        snprintf(member->name, sizeof(member->name), "%s", name);
        member->fd = open_memory(in, name);
        if (member->fd < 0)
            break;
        pack->n++;
    }
    if (status != ARCHIVE_EOF)
        snprintf(why, AC_PROFILE_WHY_BYTES, "the pack is damaged or cut off: %.200s",
                 archive_error_string(in) ? archive_error_string(in) : strerror(errno));
    return status == ARCHIVE_EOF;
}

struct ac_pack *ac_pack_read(const uint8_t *bytes, size_t n, char *why)
{
    struct ac_pack *pack = ac_zeroed(1, sizeof(*pack));
    struct archive *in = archive_read_new();
    bool ok = in && archive_read_support_format_tar(in) == ARCHIVE_OK &&
              archive_read_open_memory(in, bytes, n) == ARCHIVE_OK;
    if (!ok)
        snprintf(why, AC_PROFILE_WHY_BYTES, "libarchive cannot read it: %.200s",
                 in ? archive_error_string(in) : strerror(ENOMEM));
    else
        ok = take_members(in, pack, why);
    archive_read_free(in);
    if (ok)
        return pack;
    ac_pack_free(pack);
    return NULL;
}

/* ---- writing ---- */

struct ac_pack_writer {
    struct archive *out;
};

static bool fail(struct ac_pack_writer *writer, char *why)
{
    const char *text = archive_error_string(writer->out);
    snprintf(why, AC_PROFILE_WHY_BYTES, "%.300s", text ? text : strerror(errno));
    return false;
}

struct ac_pack_writer *ac_pack_create(const char *path, char *why)
{
    struct ac_pack_writer *writer = ac_zeroed(1, sizeof(*writer));
    writer->out = archive_write_new();
    if (archive_write_set_format_pax_restricted(writer->out) == ARCHIVE_OK &&
        archive_write_add_filter_gzip(writer->out) == ARCHIVE_OK &&
        archive_write_open_filename(writer->out, path) == ARCHIVE_OK)
        return writer;
    fail(writer, why);
    archive_write_free(writer->out);
    free(writer);
    return NULL;
}

bool ac_pack_add(struct ac_pack_writer *writer, const char *name, const uint8_t *bytes, size_t n, char *why)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (int64_t)n);
    bool ok = archive_write_header(writer->out, entry) == ARCHIVE_OK &&
              archive_write_data(writer->out, bytes, n) == (la_ssize_t)n;
    archive_entry_free(entry);
    return ok || fail(writer, why);
}

bool ac_pack_finish(struct ac_pack_writer *writer, char *why)
{
    bool ok = archive_write_close(writer->out) == ARCHIVE_OK || fail(writer, why);
    archive_write_free(writer->out);
    free(writer);
    return ok;
}

/* SPDX-License-Identifier: MIT
 *
 * pack_none.c -- in place of packs: built without libarchive.
 */
#include <stdio.h>

#include "pack.h"
#include "profile.h"

static void refuse(char *why)
{
    snprintf(why, AC_PROFILE_WHY_BYTES, "this acre was built without libarchive (libarchive-dev)");
}

struct ac_pack *ac_pack_read(const uint8_t *bytes, size_t n, char *why)
{
    (void)bytes;
    (void)n;
    refuse(why);
    return NULL;
}

struct ac_pack_writer *ac_pack_create(const char *path, char *why)
{
    (void)path;
    refuse(why);
    return NULL;
}

bool ac_pack_add(struct ac_pack_writer *writer, const char *name, const uint8_t *bytes, size_t n, char *why)
{
    (void)writer;
    (void)name;
    (void)bytes;
    (void)n;
    refuse(why);
    return false;
}

bool ac_pack_finish(struct ac_pack_writer *writer, char *why)
{
    (void)writer;
    refuse(why);
    return false;
}

/* SPDX-License-Identifier: MIT
 *
 * pack.c -- the members of a pack that has been read, by name.
 */
#include "pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The magic of a tar header, POSIX's and GNU's alike. */
enum { USTAR_AT = 257 };

bool ac_pack_is(const uint8_t *bytes, size_t n)
{
    return n > USTAR_AT + 5 && memcmp(bytes + USTAR_AT, "ustar", 5) == 0;
}

int ac_pack_open(const struct ac_pack *pack, const char *name)
{
    char path[64];
    for (size_t i = 0; pack && i < pack->n; i++) {
        if (strcmp(pack->members[i].name, name) != 0)
            continue;
        /* Opened anew: a descriptor that is only duplicated would share its position. */
        snprintf(path, sizeof(path), "/proc/self/fd/%d", pack->members[i].fd);
        return open(path, O_RDONLY | O_CLOEXEC);
    }
    return -1;
}

const char *ac_pack_name(const char *build_id, bool debug, char name[AC_PACK_NAME_BYTES])
{
    size_t n = strlen(build_id);
    name[0] = '\0';
    if (n > 2 && n == strspn(build_id, "0123456789abcdef"))
        snprintf(name, AC_PACK_NAME_BYTES, ".build-id/%.2s/%.130s%s", build_id, build_id + 2,
                 debug ? ".debug" : "");
    return name;
}

void ac_pack_free(struct ac_pack *pack)
{
    for (size_t i = 0; pack && i < pack->n; i++)
        close(pack->members[i].fd);
    if (pack)
        free(pack->members);
    free(pack);
}

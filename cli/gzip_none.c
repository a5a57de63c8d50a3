/* SPDX-License-Identifier: MIT
 *
 * gzip_none.c -- in place of compressed files: built without zlib.
 */
#include <stdio.h>

#include "profile_format.h"

static uint8_t *refuse(char *why)
{
    snprintf(
        why, AC_PROFILE_WHY_BYTES,
        "this acre was built without zlib (zlib1g-dev) and cannot read or write .gz; a name that ends in .pb "
        "is not compressed");
    return NULL;
}

uint8_t *ac_gzip_pack(const uint8_t *bytes, size_t n, size_t *out_n, char *why)
{
    (void)bytes;
    (void)n;
    (void)out_n;
    return refuse(why);
}

uint8_t *ac_gzip_unpack(const uint8_t *bytes, size_t n, size_t *out_n, char *why)
{
    (void)bytes;
    (void)n;
    (void)out_n;
    return refuse(why);
}

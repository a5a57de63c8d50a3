/* SPDX-License-Identifier: MIT
 *
 * gzip_zlib.c -- compressed files, by zlib. Where that is missing, gzip_none.c stands in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "profile_format.h"

enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
static const size_t most_bytes = (size_t)1 << 30;

uint8_t *ac_gzip_pack(const uint8_t *bytes, size_t n, size_t *out_n, char *why)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        snprintf(why, AC_PROFILE_WHY_BYTES, "zlib cannot begin: %s", stream.msg ? stream.msg : "no memory");
        return NULL;
    }
    size_t room = deflateBound(&stream, n);
    uint8_t *out = ac_zeroed(room, 1);
    stream.next_in = (Bytef *)bytes;
    stream.avail_in = (uInt)n;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    int end = deflate(&stream, Z_FINISH);
    *out_n = room - stream.avail_out;
    deflateEnd(&stream);
    if (end == Z_STREAM_END)
        return out;
    snprintf(why, AC_PROFILE_WHY_BYTES, "zlib cannot compress %zu bytes", n);
    free(out);
    return NULL;
}

uint8_t *ac_gzip_unpack(const uint8_t *bytes, size_t n, size_t *out_n, char *why)
{
    z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)n};
    uint8_t *out = NULL;
    size_t room = 0;
    int end = inflateInit2(&stream, GZIP_WINDOW);
    *out_n = 0;
    while (end == Z_OK && *out_n < most_bytes) {
        out = ac_grow(out, *out_n, &room, n, 1);
        stream.next_out = out + *out_n;
        stream.avail_out = (uInt)(room - *out_n);
        end = inflate(&stream, Z_NO_FLUSH);
        *out_n = room - stream.avail_out;
    }
    inflateEnd(&stream);
    if (end == Z_STREAM_END)
        return out;
    snprintf(why, AC_PROFILE_WHY_BYTES, "its compressed data ends early or is damaged");
    free(out);
    return NULL;
}

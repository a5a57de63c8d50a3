/* SPDX-License-Identifier: MIT
 *
 * pack.h -- packs: a heap profile with the files that name its functions, as a compressed tar.
 *
 *      profile                     the profile, as it was given to `acre pack`
 *      perf.map                    the map of a JIT compiler, if there was one
 *      .build-id/XX/REST           an ELF file by its build id; code and data are zeros
 *      .build-id/XX/REST.debug     its separate debugging information
 *
 * The folders are those that gdb, perf and pprof know. Members are kept in memory files; nothing is
 * written to the folder of anybody who reads a pack.
 */
#ifndef AC_CLI_PACK_H
#define AC_CLI_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AC_PACK_PROFILE "profile"
#define AC_PACK_JIT "perf.map"

enum { AC_PACK_NAME_BYTES = 192 };

struct ac_pack_member {
    char name[AC_PACK_NAME_BYTES];
    int fd;
};

struct ac_pack {
    struct ac_pack_member *members;
    size_t n;
    size_t room;
};

/* ---- reading ---- */

/* Whether the (uncompressed) bytes of a file are a tar. */
bool ac_pack_is(const uint8_t *bytes, size_t n);

/* NULL with a sentence in `why`. */
struct ac_pack *ac_pack_read(const uint8_t *bytes, size_t n, char *why);

/* A descriptor of the caller's own, at the start of the member; -1 when there is none, also when there is no
 * pack. */
int ac_pack_open(const struct ac_pack *pack, const char *name);

/* The name of the member for a file with this build id, or for its debugging information. Returns name; ""
 * when that is no build id. */
const char *ac_pack_name(const char *build_id, bool debug, char name[AC_PACK_NAME_BYTES]);

void ac_pack_free(struct ac_pack *pack);

/* ---- writing ---- */

struct ac_pack_writer;

/* NULL with a sentence in `why`. */
struct ac_pack_writer *ac_pack_create(const char *path, char *why);
bool ac_pack_add(struct ac_pack_writer *writer, const char *name, const uint8_t *bytes, size_t n, char *why);

/* Ends the file. False with `why`. */
bool ac_pack_finish(struct ac_pack_writer *writer, char *why);

#endif

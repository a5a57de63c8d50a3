/* SPDX-License-Identifier: MIT
 *
 * profile_format.h -- the forms in which a heap profile is written and read; see profile_format.def.
 */
#ifndef AC_CLI_PROFILE_FORMAT_H
#define AC_CLI_PROFILE_FORMAT_H

#include "profile.h"

/* How a profile is to be shown. */
struct ac_profile_show {
    enum ac_profile_value value; /* the one that is asked for, a size */
    bool lifetime;               /* in tables: how long blocks live   */
    size_t nlines;               /* in tables; 0: all                 */
};

/* Each writes the whole profile; false with a sentence in `why` when it has no such form. Whether the file
 * took it all is the caller's to see. */
#define AC_PROFILE_FORMAT(name, ...)                                                                         \
    bool ac_profile_write_##name(const struct ac_profile *profile, const struct ac_profile_show *show,       \
                                 FILE *out, char *why);
#include "profile_format.def"
#undef AC_PROFILE_FORMAT

bool ac_profile_write_json(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out);

struct ac_profile_format {
    const char *name;
    const char *suffix;
    const char *help;
    bool (*write)(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out, char *why);
};

/* The form called `name`, or, when that is NULL, the one that the suffix of a file's name stands for. NULL
 * with an error said when there is none. */
const struct ac_profile_format *ac_profile_format_for(const char *name, const char *path);

/* Writes a file, or stdout for "-". False with an error said; a file that was not finished is removed. */
bool ac_profile_save(const struct ac_profile *profile, const struct ac_profile_show *show,
                     const struct ac_profile_format *format, const char *path);

/* All bytes of a file, for the caller to free; NULL with `why`. */
uint8_t *ac_slurp(const char *path, size_t *out_n, char *why);

/* Reads a file of whatever form: .pb, .pb.gz, .heap, .folded, a state file, or a pack. */
bool ac_profile_load(const char *path, struct ac_profile *out, char *why);

/* The same from the bytes of a file of one form. */
bool ac_pprof_read(const uint8_t *bytes, size_t n, struct ac_profile *out, char *why);
bool ac_heap_text_read(const char *text, size_t n, struct ac_profile *out, char *why);
bool ac_folded_read(const char *text, size_t n, struct ac_profile *out, char *why);

bool ac_path_ends_in(const char *path, const char *suffix);

/* To and from the form of gzip. The result is to be freed; NULL with `why`. */
uint8_t *ac_gzip_pack(const uint8_t *bytes, size_t n, size_t *out_n, char *why);
uint8_t *ac_gzip_unpack(const uint8_t *bytes, size_t n, size_t *out_n, char *why);

#endif

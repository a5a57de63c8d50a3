/* SPDX-License-Identifier: MIT
 *
 * symbol.h -- names for addresses: from the debugging information of the modules, their symbol tables, the
 * maps that JIT compilers leave in /tmp.
 */
#ifndef AC_CLI_SYMBOL_H
#define AC_CLI_SYMBOL_H

#include "profile.h"

enum { AC_SYMBOL_MAX_INLINED = 64, AC_SYMBOL_NAME_BYTES = 1024 };

/* A function at an address; those after the first are the ones it is inlined into. */
struct ac_symbol {
    const char *name; /* as in the file; "" when not known. Valid until the next address is looked up */
    const char *file;
    uint32_t line;
};

struct ac_symbolizer;

/* Where names come from, for the modules of a profile. The process `pid` may still be there (0: no): its
 * files are then looked at as it sees them. Files that are not those that the profile is of (another build
 * id) are left out. NULL with a sentence in `why` when acre was built without what it takes. */
struct ac_symbolizer *ac_symbolizer_open(struct ac_profile *profile, int32_t pid, char *why);

/* The same for one file, of the pack or else of this machine, with the addresses that it has itself. An
 * empty build id is any. */
struct ac_symbolizer *ac_symbolizer_open_file(const char *path, const char *build_id,
                                              const struct ac_pack *pack, char *why);

void ac_symbolizer_close(struct ac_symbolizer *symbolizer);

/* A file that names functions. */
struct ac_symbol_file {
    char name[AC_PACK_NAME_BYTES]; /* of its member in a pack */
    char path[512];
};

/* The files that the functions of a profile are named from, whether they have been or not; what is missing is
 * said in its comments. Returns how many; *out is to be freed. */
size_t ac_symbol_files(struct ac_profile *profile, struct ac_symbol_file **out, char *why);

/* A file of ac_symbol_files() with zeros for code and data, which name nothing. NULL with errno; to be
 * freed. */
uint8_t *ac_symbol_file_read(const struct ac_symbol_file *file, int32_t pid, size_t *out_n);

/* The functions at an address, innermost first; 0: nothing is known. */
size_t ac_symbolizer_at(struct ac_symbolizer *symbolizer, uint64_t address,
                        struct ac_symbol out[AC_SYMBOL_MAX_INLINED]);

/* The readable name; what cannot be demangled stays as it is. Returns text. */
const char *ac_symbol_demangle(const char *name, char text[AC_SYMBOL_NAME_BYTES]);

/* Gives all frames of a profile that have none their names, and puts the frames inlined there before them.
 * What could not be found out stands in its comments. */
void ac_profile_symbolize(struct ac_profile *profile);

/* ---- maps of JIT compilers ---- */

struct ac_perf_map;

/* /tmp/perf-PID.map; NULL when there is none. */
struct ac_perf_map *ac_perf_map_open(int32_t pid);

/* The file itself; NULL when there is none. */
FILE *ac_perf_map_file(int32_t pid);

/* From an open file, which it closes. */
struct ac_perf_map *ac_perf_map_read(FILE *in);
void ac_perf_map_close(struct ac_perf_map *map);
const char *ac_perf_map_at(const struct ac_perf_map *map, uint64_t address);

#endif

/* SPDX-License-Identifier: MIT
 *
 * symbol_none.c -- in place of names from files: built without elfutils.
 */
#include <stdio.h>

#include "symbol.h"

struct ac_symbolizer *ac_symbolizer_open(struct ac_profile *profile, int32_t pid, char *why)
{
    (void)profile;
    (void)pid;
    snprintf(why, AC_PROFILE_WHY_BYTES, "this acre was built without elfutils (libdw-dev)");
    return NULL;
}

struct ac_symbolizer *ac_symbolizer_open_file(const char *path, const char *build_id,
                                              const struct ac_pack *pack, char *why)
{
    (void)path;
    (void)build_id;
    (void)pack;
    return ac_symbolizer_open(NULL, 0, why);
}

void ac_symbolizer_close(struct ac_symbolizer *symbolizer)
{
    (void)symbolizer;
}

size_t ac_symbolizer_at(struct ac_symbolizer *symbolizer, uint64_t address,
                        struct ac_symbol out[AC_SYMBOL_MAX_INLINED])
{
    (void)symbolizer;
    (void)address;
    (void)out;
    return 0;
}

size_t ac_symbol_files(struct ac_profile *profile, struct ac_symbol_file **out, char *why)
{
    *out = NULL;
    ac_symbolizer_open(profile, 0, why);
    return 0;
}

uint8_t *ac_symbol_file_read(const struct ac_symbol_file *file, int32_t pid, size_t *out_n)
{
    (void)file;
    (void)pid;
    *out_n = 0;
    return NULL;
}

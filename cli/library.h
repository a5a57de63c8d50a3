/* SPDX-License-Identifier: MIT
 *
 * library.h -- where libacre-preload.so is, and how LD_PRELOAD and ACRE_CONF are set for a program.
 */
#ifndef AC_CLI_LIBRARY_H
#define AC_CLI_LIBRARY_H

#include <limits.h>
#include <stdbool.h>

#include "elf_file.h"

struct ac_library {
    char path[PATH_MAX]; /* absolute, without symbolic links                              */
    const char *origin;  /* how it was found: "--lib", "ACRE_PRELOAD", "beside acre", ... */
    struct ac_elf elf;
};

/* Finds the library: `asked` (--lib, may be NULL), ACRE_PRELOAD, beside the command, in the lib folder
 * beside the command's. False after saying what was tried. */
bool ac_library_find(const char *asked, struct ac_library *out_library);

/* The path as LD_PRELOAD can have it: itself, or a link to it, written into `link`, when it has bytes that
 * the loader takes for separators. NULL after saying why not. */
const char *ac_library_preloadable(const char *path, char link[PATH_MAX]);

/* Puts the library in front of LD_PRELOAD in this process's environment. False after saying why not. */
bool ac_library_preload(const struct ac_library *library);

/* Adds conf (may be NULL) and state=state_path to ACRE_CONF in this process's environment. An older state=
 * is dropped. False when memory is exhausted. */
bool ac_library_configure(const char *conf, const char *state_path);

#endif

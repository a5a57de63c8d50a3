/* SPDX-License-Identifier: MIT
 *
 * bindings.h -- which library the dynamic loader bound a program's calls of malloc to, by the loader's own
 * log (LD_DEBUG=bindings).
 */
#ifndef AC_CLI_BINDINGS_H
#define AC_CLI_BINDINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct ac_bindings {
    char folder[PATH_MAX];   /* where the processes write                                   */
    char variable[PATH_MAX]; /* LD_DEBUG_OUTPUT=..., for the program's environment          */
};

enum { AC_STRAY_BYTES = 256 };

/* What the log says of malloc, calloc, realloc and free. */
struct ac_served {
    size_t nbound;              /* calls bound to the library that was wanted                  */
    size_t nelsewhere;          /* to another library                                          */
    char stray[AC_STRAY_BYTES]; /* the first of those: "malloc of libx.so is libc.so.6's"      */
};

/* Makes the folder. False with errno. */
bool ac_bindings_begin(struct ac_bindings *out);

/* Reads what the processes wrote, and judges it: `library` is the file that should serve. Removes the
 * logs. */
void ac_bindings_end(struct ac_bindings *bindings, const char *library, struct ac_served *out);

#endif

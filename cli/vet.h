/* SPDX-License-Identifier: MIT
 *
 * vet.h -- finds a program the way a shell does and says beforehand whether acre can be put under it.
 *
 * Follows #! lines, also through env(1), to the program that will really run. What is refused here is what
 * the dynamic loader would silently run without acre, or what execve(2) would refuse with a bare number.
 */
#ifndef AC_CLI_VET_H
#define AC_CLI_VET_H

#include <limits.h>

#include "elf_file.h"

enum { AC_VET_MESSAGE_BYTES = PATH_MAX + 512 };

struct ac_vet {
    int status; /* 0: go ahead; else the exit status, and message says why                */
    char message[AC_VET_MESSAGE_BYTES];
    char path[PATH_MAX];   /* what to execute                                                        */
    char target[PATH_MAX]; /* the ELF file that runs in the end: path, or the interpreter of a script */
    struct ac_elf elf;     /* of target                                                              */
};

/* Judges `program` (a name or a path) against the preload library whose ELF facts are given. */
void ac_vet_program(const char *program, const struct ac_elf *library, struct ac_vet *out_vet);

#endif

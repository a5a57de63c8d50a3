/* SPDX-License-Identifier: MIT
 *
 * elf_file.h -- the facts about an ELF file that decide whether a library can be preloaded under it.
 *
 * Knows:      the ELF headers, the dynamic section and the dynamic symbols.
 * Does not know: what follows from them (vet.c).
 */
#ifndef AC_CLI_ELF_FILE_H
#define AC_CLI_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AC_ELF_NAME_BYTES = 256 };

struct ac_elf {
    bool is_elf;
    uint8_t class_id; /* ELFCLASS32 or ELFCLASS64                                          */
    uint8_t data_id;  /* byte order                                                        */
    uint16_t machine;
    /* The rest is filled for files of this machine's class and byte order only. */
    bool is_executable;                /* ET_EXEC or ET_DYN                                */
    bool is_go;                        /* built by the Go tool chain                       */
    bool defines_malloc;               /* exports a malloc of its own                      */
    char loader[AC_ELF_NAME_BYTES];    /* PT_INTERP; "" when there is none                 */
    char allocator[AC_ELF_NAME_BYTES]; /* a needed library that is an allocator, or ""     */
    char sanitizer[AC_ELF_NAME_BYTES]; /* a needed library that is a sanitizer's, or ""    */
};

/* Reads path. False, with errno, when it cannot be read; true with is_elf unset when it is something else. */
bool ac_elf_read(const char *path, struct ac_elf *out_elf);

/* The text that a `const char *` variable of a file points to when a program starts, as the loader will
 * see it: a symbol that is exported, or, in a program that acre is linked into, any. False when there is
 * none. */
bool ac_elf_read_text(const char *path, const char *symbol, char *out, size_t out_bytes);

/* The name of a machine as users know it: "x86-64", "32-bit x86", "aarch64". */
const char *ac_elf_machine_name(const struct ac_elf *elf);

#endif

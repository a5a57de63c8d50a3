/* SPDX-License-Identifier: MIT
 *
 * smaps.h -- the mappings of a process as the kernel lists them, each with its kind and what of it is
 * resident.
 *
 * Knows:      /proc/PID/smaps and smaps_rollup; what a mapping's name, neighbours and flags say of its use.
 * Does not know: which anonymous mappings are acre's (ranges.h).
 */
#ifndef AC_CLI_SMAPS_H
#define AC_CLI_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum ac_vma_kind {
    AC_VMA_FILE,    /* program, libraries, mapped files, and the zeroed data behind them */
    AC_VMA_LIBRARY, /* acre's own library                                                */
    AC_VMA_STATE,   /* acre's state segment                                              */
    AC_VMA_BRK,     /* the brk heap: libc's or the program's own                         */
    AC_VMA_STACK,   /* of the first thread; of others: anonymous behind a guard page     */
    AC_VMA_SHARED,  /* memory files, /dev/shm, System V segments                         */
    AC_VMA_ANON,    /* any other anonymous memory                                        */
    AC_VMA_KINDS
};

enum { AC_VMA_NAME_BYTES = 64 };

struct ac_vma {
    uint64_t start;
    uint64_t end;
    uint64_t rss_bytes;
    uint64_t swap_bytes;
    uint64_t huge_bytes; /* backed by huge pages */
    enum ac_vma_kind kind;
    bool is_guard; /* no access at all */
    bool is_anonymous;
    char name[AC_VMA_NAME_BYTES]; /* the end of the path, "" for none */
};

struct ac_smaps {
    struct ac_vma *vmas; /* by address */
    size_t nvmas;
    uint64_t rss_bytes; /* sums over all */
    uint64_t swap_bytes;
    uint64_t huge_bytes;
};

/* What smaps_rollup says, which the kernel sums up in one go. */
struct ac_rollup {
    uint64_t rss_bytes;
    uint64_t pss_bytes;
    uint64_t swap_bytes;
    uint64_t huge_bytes;
};

/* False with errno. What it fills in is to be freed by ac_smaps_free. */
bool ac_smaps_read(pid_t pid, struct ac_smaps *out_smaps);
void ac_smaps_free(struct ac_smaps *smaps);

/* Where the kernel has no smaps_rollup (before 4.14), the sums over smaps. False with errno. */
bool ac_rollup_read(pid_t pid, struct ac_rollup *out_rollup);

/* The same from any file of that form, for tests and for a copy taken earlier. */
bool ac_smaps_read_file(const char *path, struct ac_smaps *out_smaps);

#endif

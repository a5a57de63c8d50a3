/* SPDX-License-Identifier: MIT
 *
 * resident.h -- how much of a range of another process's addresses is resident: an exact walk of its page
 * table.
 *
 * Needs the permission to look (the same user, not a process that has made itself undumpable); no ptrace, and
 * the process may be stopped.
 */
#ifndef AC_CLI_RESIDENT_H
#define AC_CLI_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ac_pages {
    int fd;
    bool scans; /* the kernel walks for us (PAGEMAP_SCAN, 6.7) and tells the page of zeros from others */
    uint64_t page_bytes;
};

/* False with errno. */
bool ac_pages_open(pid_t pid, struct ac_pages *out_pages);
void ac_pages_close(struct ac_pages *pages);

/* Resident bytes from `start` to `end`, whole pages. Where the kernel does not scan, the page of zeros, which
 * reading untouched memory shows, counts as resident. 0 when the process is gone. */
uint64_t ac_pages_resident(struct ac_pages *pages, uint64_t start, uint64_t end);

#endif

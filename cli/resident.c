/* SPDX-License-Identifier: MIT
 *
 * resident.c -- /proc/PID/pagemap: by the kernel's own scan where it has one, else word by word.
 */
#include "resident.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WORDS = 4096, REGIONS = 256 };

/* From linux/fs.h of 6.7; older headers lack it. */
struct page_region {
    uint64_t start;
    uint64_t end;
    uint64_t categories;
};

struct scan_argument {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t regions;
    uint64_t nregions;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
};

#define SCAN_REQUEST _IOWR('f', 16, struct scan_argument)
#define IS_PRESENT ((uint64_t)1 << 3)
#define IS_ZERO_PAGE ((uint64_t)1 << 5)
#define WORD_PRESENT ((uint64_t)1 << 63)

static uint64_t round_down(const struct ac_pages *pages, uint64_t address)
{
    return address & ~(pages->page_bytes - 1);
}

/* Resident bytes of one scan, which goes on at *start; false when refused. */
static bool scan_once(const struct ac_pages *pages, uint64_t *start, uint64_t end, uint64_t *bytes)
{
    struct page_region regions[REGIONS];
    struct scan_argument argument = {.size = sizeof(argument),
                                     .start = *start,
                                     .end = end,
                                     .regions = (uint64_t)(uintptr_t)regions,
                                     .nregions = REGIONS,
                                     .category_inverted = IS_ZERO_PAGE,
                                     .category_mask = IS_PRESENT | IS_ZERO_PAGE,
                                     .return_mask = IS_PRESENT};
    int nregions = ioctl(pages->fd, SCAN_REQUEST, &argument);
    if (nregions < 0)
        return false;
    for (int i = 0; i < nregions; i++)
        *bytes += regions[i].end - regions[i].start;
    *start = argument.walk_end > *start ? argument.walk_end : end;
    return true;
}

static uint64_t by_words(const struct ac_pages *pages, uint64_t start, uint64_t end)
{
    static uint64_t words[WORDS];
    uint64_t present = 0;
    while (start < end) {
        uint64_t want = (end - start) / pages->page_bytes;
        size_t bytes = (want < WORDS ? want : WORDS) * sizeof(words[0]);
        ssize_t got = pread(pages->fd, words, bytes, (off_t)(start / pages->page_bytes * sizeof(words[0])));
        if (got < (ssize_t)sizeof(words[0]))
            break;
        size_t nwords = (size_t)got / sizeof(words[0]);
        for (size_t i = 0; i < nwords; i++)
            present += (words[i] & WORD_PRESENT) != 0;
        start += nwords * pages->page_bytes;
    }
    return present * pages->page_bytes;
}

bool ac_pages_open(pid_t pid, struct ac_pages *out_pages)
{
    char path[64];
    uint64_t start = 0;
    uint64_t none = 0;
    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
    out_pages->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    out_pages->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (out_pages->fd < 0)
        return false;
    out_pages->scans = scan_once(out_pages, &start, out_pages->page_bytes, &none);
    return true;
}

void ac_pages_close(struct ac_pages *pages)
{
    close(pages->fd);
}

uint64_t ac_pages_resident(struct ac_pages *pages, uint64_t start, uint64_t end)
{
    uint64_t bytes = 0;
    start = round_down(pages, start);
    end = round_down(pages, end + pages->page_bytes - 1);
    if (!pages->scans)
        return by_words(pages, start, end);
    while (start < end && scan_once(pages, &start, end, &bytes))
        ;
    return bytes;
}

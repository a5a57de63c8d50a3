/* SPDX-License-Identifier: MIT
 *
 * guarded.h -- a block between guard pages, for programs that run with guard_every=1.
 */
#ifndef AC_TEST_GUARDED_H
#define AC_TEST_GUARDED_H

#include "crime.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { GUARDED_BYTES = 37, GUARDED_PADDED = 48, GUARDED_TRIES = 100000 };

/* Other blocks have the usable size of their class, in hardened mode every block is guarded. At its page's
 * end, or at its start. The others are freed. */
static inline char *get_guarded(bool at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    static void *others[GUARDED_TRIES];
    char *found = NULL;
    size_t n = 0;
    while (n < GUARDED_TRIES && !found) {
        char *block = malloc(GUARDED_BYTES);
        size_t rest = (size_t)(uintptr_t)block % page;
        bool fits = rest == (at_end ? page - GUARDED_PADDED : 0);
        if (malloc_usable_size(block) == GUARDED_BYTES && fits)
            found = block;
        else
            others[n++] = block;
        if (n % 32 == 0)
            while (n > 0)
                free(others[--n]);
    }
    while (n > 0)
        free(others[--n]);
    if (!found) {
        puts("no block is guarded");
        exit(1);
    }
    return found;
}

#endif

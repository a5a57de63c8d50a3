/* SPDX-License-Identifier: MIT
 *
 * meta.h -- memory for the allocator's own records, in mappings of its own, never beside user data.
 *
 * Knows:      mapping (os.h).
 * Does not know: what the records are.
 * Invariants: ME1 memory handed out is zero and aligned to a cache line; ME2 ac_meta_put takes back only
 *             what ac_meta_get gave with the same number of lines.
 * Threads:    one lock, the innermost of all (nothing is locked under it). After a fork the child abandons
 *             a torn store.
 */
#ifndef AC_CORE_META_H
#define AC_CORE_META_H

#include "os/lock.h"

#include <stddef.h>

#define AC_META_MAX_LINES 128u

struct ac_meta_free {
    struct ac_meta_free *next;
};

struct ac_meta_store {
    struct ac_lock lock;
    char *bump; /* where the next new record comes from */
    char *end;
    struct ac_meta_free *free[AC_META_MAX_LINES + 1]; /* by the number of lines */
    size_t used_bytes;
};

/* lines: cache lines wanted, 1 .. AC_META_MAX_LINES. NULL when memory is exhausted. */
void *ac_meta_get(unsigned lines, uint32_t me);
void ac_meta_put(void *record, unsigned lines, uint32_t me);

/* For records of any size that are never given back. */
void *ac_meta_get_bytes(size_t bytes, uint32_t me);

/* As ac_meta_get, but never waits: NULL also when the store is busy. For signal handlers. */
void *ac_meta_try_get(unsigned lines, uint32_t me);

size_t ac_meta_used_bytes(void);

/* The whole of it, to be looked at, with its lock held until it is let go. For the whole-heap checker. */
const struct ac_meta_store *ac_meta_hold(uint32_t me);
void ac_meta_let_go(void);

/* In a forked child. */
void ac_meta_recover(uint32_t me);

#endif

/* SPDX-License-Identifier: MIT
 *
 * guard.h -- sampled guard pages: a few blocks that lie alone on a page between two without access.
 *
 *      | no access | page 0 | no access | page 1 | no access | ... | page n - 1 | no access |
 *                        ^block up to the end of its page, or from its start
 *
 * A read or write past such a block, on the side where it ends with its page, or of a freed one, is stopped
 * by the processor at the very instruction; the report names who allocated, who freed and who accessed. Which
 * blocks are chosen is chance, so that of many runs, or of many machines, one finds the bug, at next to no
 * cost (the idea is GWP-ASan's).
 *
 * Knows:      the pages, the state and the traces of its blocks; the option guard_every.
 * Does not know: size classes; where other blocks come from.
 * Invariants: GD1 a page allows access while its block is live, and at no other time; GD2 a page is not used
 *             again before all others that are free; GD3 all its units lead to one span of kind
 *             AC_SPAN_GUARDED; GD4 it takes less than a MiB, and nothing while guard_every is 0.
 * Threads:    one lock. Whoever calls ac_guard_alloc or ac_guard_free has marked its heap (thread.h), so that
 *             no handler comes here meanwhile. In a forked child the blocks stay; where another thread was in
 *             here at the fork, no new ones are made.
 */
#ifndef AC_WATCH_GUARD_H
#define AC_WATCH_GUARD_H

#include "base/atomic.h"
#include "core/option.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the guarded blocks lie: nowhere, until there are any; then for good. */
extern uintptr_t ac_guard_base AC_HIDDEN;
extern size_t ac_guard_bytes AC_HIDDEN;

AC_INLINE bool ac_guard_owns(const void *block)
{
    size_t bytes = ac_load_acq(&ac_guard_bytes);
    return (uintptr_t)block - ac_load_rlx(&ac_guard_base) < bytes;
}

/* Whether the slow path of malloc that counts down *inout_left is to ask for a guarded block. */
AC_INLINE bool ac_guard_is_due(uint32_t *inout_left)
{
    if (AC_LIKELY(ac_load_rlx(&ac_option_value[AC_OPTION_guard_every]) == 0))
        return false;
    return AC_UNLIKELY((*inout_left)-- == 0);
}

/* What to count down from until the next: guard_every on average, drawn by chance. */
uint32_t ac_guard_draw(void);

/* A block of zeros of exactly `size` usable bytes, aligned to 16; NULL when it is too long for a page or all
 * are taken, or when another thread is just in here. */
void *ac_guard_alloc(size_t size, uint32_t me);

/* Ends the process unless the block is live and this its start. */
void ac_guard_check(const void *block);

/* The same, but goes on without freeing when on_error=report. */
void ac_guard_free(void *block, uint32_t me);

/* Of a live block: its usable bytes, which are those that were asked for. */
size_t ac_guard_size(const void *block);

/* Ends the process, or tells at least, unless it has this size. */
void ac_guard_check_size(const void *block, size_t size);

void ac_guard_recover(uint32_t me);

#endif

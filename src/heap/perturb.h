/* SPDX-License-Identifier: MIT
 *
 * perturb.h -- filling blocks with a pattern as they are handed out and taken back (mallopt's M_PERTURB).
 *
 * Knows:      the pattern.
 * Does not know: blocks.
 * Invariants: PT1 while the pattern is not 0, no bin is open: every operation takes a slow path, which fills.
 * Threads:    the pattern is one byte, set by mallopt.
 */
#ifndef AC_HEAP_PERTURB_H
#define AC_HEAP_PERTURB_H

#include "base/atomic.h"

#include <stddef.h>
#include <string.h>

extern uint8_t ac_perturb_byte AC_HIDDEN;

AC_INLINE bool ac_perturb_is_on(void)
{
    return AC_UNLIKELY(ac_load_rlx(&ac_perturb_byte) != 0);
}

AC_INLINE void ac_perturb_new(void *block, size_t bytes)
{
    if (ac_perturb_is_on() && block != NULL)
        memset(block, ac_perturb_byte ^ 0xff, bytes);
}

AC_INLINE void ac_perturb_freed(void *block, size_t bytes)
{
    if (ac_perturb_is_on())
        memset(block, ac_perturb_byte, bytes);
}

#endif

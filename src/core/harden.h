/* SPDX-License-Identifier: MIT
 *
 * harden.h -- what hardened mode asks of the page economy: a secret, random places, guard pages behind runs,
 * and proof that free memory is as it was left (zero).
 *
 * Knows:      runs, pages, the option `hardened`.
 * Does not know: blocks, threads.
 * Invariants: HA1 in hardened mode every free byte of the heap is zero; HA2 a run that is in use has no guard
 *             page but, where `fenced` says so, its last page.
 * Threads:    ac_harden_start and ac_harden_seal: once, at start; the rest any, without a lock: the units of
 *             a run are its taker's.
 */
#ifndef AC_CORE_HARDEN_H
#define AC_CORE_HARDEN_H

#include "core/option.h"

#include <string.h>

struct ac_run;

/* False in default mode, and before the options are known. */
AC_INLINE bool ac_harden_is_on(void)
{
    return AC_UNLIKELY(ac_option_value[AC_OPTION_hardened] != 0);
}

/* Different in every process; it lies on the options' page. */
AC_INLINE uint64_t ac_harden_secret(void)
{
    return ac_option_value[AC_OPTION_SECRET];
}

/* The options are known: make the secret, see what the system offers. */
void ac_harden_start(void);

/* Make the options' page read-only. */
void ac_harden_seal(void);

/* A word nobody outside can guess without knowing the secret. */
uint64_t ac_harden_random(void);

/* In a forked child: random words are others than its parent's from here on. */
void ac_harden_fork(void);

/* Where to ask the system for `bytes` of address space; the first answer lays down the region that later
 * ones are in. 0: anywhere. */
uintptr_t ac_harden_place(size_t bytes);

/* The same for a huge block: side by side in clusters, which lie at random. Mappings that touch are one to
 * the system, while guard pages are markers; its table of them has room for 65530. */
uintptr_t ac_harden_place_huge(size_t bytes, size_t align);

/* Bytes at the end of a run that are its guard page; 0 in default mode and where pages are too large. */
size_t ac_harden_fence_bytes(void);

/* A run has been taken: guard its last page, remove other guard pages from it, and, where it held data
 * before, end the process if it was written to since. */
void ac_harden_run(const struct ac_run *run, size_t units);

/* Make a range end the process that touches it. False when the system refuses or too many ranges exist that
 * cost a mapping each. */
bool ac_harden_guard(uintptr_t addr, size_t bytes);

/* So many of those ranges are gone, with the memory they were in. */
void ac_harden_forget_guards(unsigned n);

typedef uint64_t ac_pair __attribute__((vector_size(16), may_alias));

/* True when the bytes are zero. Both are multiples of 16. */
AC_INLINE bool ac_harden_is_zero(const void *addr, size_t bytes)
{
    const ac_pair *at = addr;
    const ac_pair *end = at + bytes / sizeof *at;
    ac_pair any = {0, 0};
    for (; end - at >= 4; at += 4)
        any |= at[0] | at[1] | at[2] | at[3];
    for (; at < end; at++)
        any |= *at;
    return (any[0] | any[1]) == 0;
}

/* Make them so. */
AC_INLINE void ac_harden_clear(void *addr, size_t bytes)
{
    const ac_pair zero = {0, 0};
    if (AC_UNLIKELY(bytes > 512)) {
        memset(addr, 0, bytes);
        return;
    }
    ac_pair *at = addr;
    for (ac_pair *end = at + bytes / sizeof *at; at < end; at++) {
        *at = zero;
        ac_compiler_barrier(); /* or the loop becomes a call of memset */
    }
}

#endif

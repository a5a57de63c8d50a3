/* SPDX-License-Identifier: MIT
 *
 * atomic.h -- atomic accesses whose name says the order. No default order exists here.
 *
 * Knows:      the compiler's atomic builtins.
 * Does not know: what is shared, or why.
 * Invariants: none.
 * Threads:    that is its subject. `rlx` relaxed, `acq` acquire, `rel` release, `arl` acquire and release.
 */
#ifndef AC_BASE_ATOMIC_H
#define AC_BASE_ATOMIC_H

#include "base/compiler.h"

#include <stdbool.h>

#define ac_load_rlx(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define ac_load_acq(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define ac_store_rlx(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define ac_store_rel(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define ac_swap_arl(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define ac_fetch_add_rlx(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define ac_fetch_and_rlx(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define ac_fetch_or_rlx(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define ac_cas_acq(p, expected, v)                                                                           \
    __atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define ac_cas_rel(p, expected, v)                                                                           \
    __atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)

/* What stands before is seen by who acquires a store that stands behind. */
#define ac_fence_rel() __atomic_thread_fence(__ATOMIC_RELEASE)

/* Dekker's pattern: what stands before is seen by who loads behind a fence of its own. */
#define ac_fence_full() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* A counter with one writer and any number of readers: a plain add that readers never see torn. */
#define ac_count_add(p, n) ac_store_rlx((p), ac_load_rlx(p) + (n))

#endif

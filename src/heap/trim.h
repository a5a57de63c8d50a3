/* SPDX-License-Identifier: MIT
 *
 * trim.h -- emptying all caches and giving memory back, on demand or while the program idles.
 *
 * Knows:      all heaps, all centers, the purge.
 * Does not know: who asks.
 * Invariants: TR1 blocks in mid-operation stay where they are.
 * Threads:    any thread that has marked itself as in a slow path (thread.h), or the helper.
 */
#ifndef AC_HEAP_TRIM_H
#define AC_HEAP_TRIM_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Empty the caches of all threads (with idle_only: of those that took no slow path since the last such
 * call) into the spans, and the centers' own. False when another thread's caches could not be reached. */
bool ac_trim_caches(uint32_t me, bool idle_only);

/* Give back the free pages inside spans (with idle_only: of centers that nobody has taken from or given to
 * since the last call). Returns the bytes given back. */
size_t ac_trim_spans(uint32_t me, bool idle_only);

/* The caches of the centers alone. */
void ac_trim_centers(uint32_t me);

/* Set the byte that fills blocks (perturb.h); 0 ends it. */
void ac_trim_perturb(uint8_t byte);

/* All caches, then all free pages above keep_bytes. Returns the bytes given back. */
size_t ac_trim(size_t keep_bytes);
size_t ac_trim_all(size_t keep_bytes, uint32_t me); /* the same, marked or the helper */

#endif

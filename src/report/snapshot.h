/* SPDX-License-Identifier: MIT
 *
 * snapshot.h -- one walk over the published state of the engine, into numbers.
 *
 * Knows:      every counter there is and which row of stat.def it answers.
 * Does not know: how the numbers are shown.
 * Invariants: SN1 small_live + thread_cache + transfer_cache + span_free + span_fresh = bytes of all small
 *             spans, but for what moves during the walk.
 * Threads:    any; reads without locks.
 */
#ifndef AC_REPORT_SNAPSHOT_H
#define AC_REPORT_SNAPSHOT_H

#include "core/stat.h"
#include "core/state.h"

#include <stddef.h>

/* Fill in everything but time and RSS. */
void ac_snapshot_take(struct ac_snapshot *out_snapshot);

/* Bytes of blocks the program holds. */
size_t ac_snapshot_live_bytes(const struct ac_snapshot *snapshot);

#endif

/* SPDX-License-Identifier: MIT
 *
 * publish.h -- what the state segment holds besides the rows that the engine writes as it goes: the timeline,
 * the peak, the last moment; and the answers to what the command asks.
 *
 * Knows:      the segment (core/segment.h), when it is worth a new snapshot.
 * Does not know: who reads it.
 * Invariants: those of core/state.h.
 * Threads:    any; whoever finds another publishing goes on without.
 */
#ifndef AC_API_PUBLISH_H
#define AC_API_PUBLISH_H

#include "base/compiler.h"

void ac_publish_start(void);

/* me: the caller's id for locks. No lock may be held. */
void ac_publish_tick(uint32_t me);

void ac_publish_exit(void);

#endif

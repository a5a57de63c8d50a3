/* SPDX-License-Identifier: MIT
 *
 * publish.h -- keeping the state segment up to date, when the option "state" names one.
 *
 * Knows:      the segment (core/state.h), when it is worth a new snapshot.
 * Does not know: who reads it.
 * Invariants: those of core/state.h. A forked child stops publishing: the segment is its parent's.
 * Threads:    any; whoever finds another publishing goes on without.
 */
#ifndef AC_API_PUBLISH_H
#define AC_API_PUBLISH_H

void ac_publish_start(void);
void ac_publish_tick(void);
void ac_publish_exit(void);

#endif

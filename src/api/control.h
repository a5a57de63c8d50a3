/* SPDX-License-Identifier: MIT
 *
 * control.h -- obeying what the command writes into the control words of the state segment.
 *
 * Knows:      the words; that whoever can write them could as well use a debugger, but need not be right.
 * Does not know: when to look (publish.c).
 * Invariants: CT1 a request is obeyed at most once, its answer is written before its `done`.
 * Threads:    one at a time (the publishing lock).
 */
#ifndef AC_API_CONTROL_H
#define AC_API_CONTROL_H

#include "core/state.h"

/* me: the caller's id for locks. */
void ac_control_obey(struct ac_state *state, uint32_t me);

#endif

/* SPDX-License-Identifier: MIT
 *
 * leaks.h -- at the exit, the blocks that no pointer leads to any more.
 *
 * Knows:      the segment, where the command says that it wants to know and finds the answer; the profiler's
 *             samples, for stacks.
 * Does not know: symbols; what is suppressed.
 * Invariants: LE1 the process itself is changed in nothing: all is done in a copy of it; LE2 a block is
 *             called unreachable only when all roots and all blocks were looked through; LE3 the answer is
 *             true when its `outcome` says so.
 * Threads:    the one that exits; others may run. No lock may be held.
 */
#ifndef AC_REPORT_LEAKS_H
#define AC_REPORT_LEAKS_H

#include "base/compiler.h"

/* If the segment asks for it. me: the caller's id for locks; ok: the caller has marked itself as in a slow
 * path. */
void ac_leaks_at_exit(uint32_t me, bool ok);

#endif

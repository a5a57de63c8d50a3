/* SPDX-License-Identifier: MIT
 *
 * hardened.h -- hardened mode: what is done to every block on its way out and back.
 *
 *      malloc   engine's block --(free? still zero?)--> record: size asked for; canary behind it --> program
 *      free     program --(record: live? size? canary?)--> record: freed; zeroed --> quarantine --> engine
 *
 * Knows:      records of spans, canaries, the order of checks.
 * Does not know: where blocks come from or go to: that is the engine's, as in default mode (alloc.c).
 * Invariants: HD1 a small block's record is the state the program knows of: never handed out, live (with the
 *             size asked for) or freed; it goes from live to freed by one atomic exchange, so of two frees
 *             one is caught; HD2 every byte of a block that is not live is zero.
 * Threads:    any; no lock. Safe in signal handlers.
 */
#ifndef AC_HEAP_HARDENED_H
#define AC_HEAP_HARDENED_H

#include "core/harden.h"
#include "core/span.h"

/* Small blocks in hardened mode end here, so that each span has room for a guard page. */
#define AC_HARDENED_SMALL_MAX 28672u

/* Class for a request of 1 byte or more; 0: a large block. */
unsigned ac_hardened_class(size_t size, size_t align);

/* Make an engine's block the program's: ends the process when it was written to since it was freed. */
void ac_hardened_hand_out(void *block, size_t size, size_t align);

/* Check a block that the program frees, mark it freed and clear it. False when it is not live and the
 * process is to go on: it is not to be freed then. */
bool ac_hardened_retire(struct ac_span *span, void *block);

/* The size asked for. Ends the process when the block is not live. */
size_t ac_hardened_size(const struct ac_span *span, const void *block);

/* Where it is. NULL when that cannot be done. Ends the process when the block is not live, or was written
 * past its end. */
void *ac_hardened_resize(struct ac_span *span, void *block, size_t size);

/* By moving its pages, in a marked slow path. NULL when that cannot be done (copy then). */
void *ac_hardened_move(struct ac_span *span, size_t size);

/* Ends the process unless the block was asked for with this size and, unless it is 0, this alignment. */
void ac_hardened_check_size(const struct ac_span *span, const void *block, size_t size, size_t align);

#endif

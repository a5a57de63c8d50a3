/* SPDX-License-Identifier: MIT
 *
 * claims.h -- which bytes of the address space belong to live blocks: one bit for every 16 bytes.
 *
 * Claiming is one atomic or for every KiB, so two threads that are handed the same memory find out at that
 * moment. The bits live in mappings of their own, made when first needed, never in the heap under test.
 */
#ifndef AC_TEST_MODEL_CLAIMS_H
#define AC_TEST_MODEL_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

/* Mark [start, start + bytes) as live; start is a multiple of 16. False when some of it is live already:
 * then the marks are damaged and the run must end. */
bool claims_add(const void *start, size_t bytes);

/* The reverse. False when some of it was not live. */
bool claims_remove(const void *start, size_t bytes);

#endif

/* SPDX-License-Identifier: MIT
 *
 * pattern.h -- what the model writes into blocks: bytes that depend on the block's id and the offset.
 *
 * Offsets passed as `from` are multiples of 8.
 */
#ifndef AC_TEST_MODEL_PATTERN_H
#define AC_TEST_MODEL_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Write bytes [from, to) of block `id`. */
void pattern_write(unsigned char *start, uint64_t id, size_t from, size_t to);

/* First offset in [from, to) that does not hold the pattern of `id`; `to` when all do. */
size_t pattern_mismatch(const unsigned char *start, uint64_t id, size_t from, size_t to);

/* First offset in [0, bytes) that is not zero; `bytes` when all are. */
size_t pattern_nonzero(const unsigned char *start, size_t bytes);

#endif

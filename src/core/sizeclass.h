/* SPDX-License-Identifier: MIT
 *
 * sizeclass.h -- size classes of small blocks: from a size to a class and from a class to all that follows
 * from it.
 *
 * Knows:      the generated table.
 * Does not know: spans, magazines: it only says how big they should be.
 * Invariants: SC1 every size 0 .. AC_SMALL_MAX_BYTES maps to the smallest class that holds it; SC2 class
 *             sizes are multiples of 16;
 *             SC3 no request over 128 bytes wastes more than an eighth. A class is 1 .. AC_NCLASSES - 1; 0
 *             is no class.
 * Threads:    constant data.
 */
#ifndef AC_CORE_SIZECLASS_H
#define AC_CORE_SIZECLASS_H

#include "core/config.h"

#define AC_NCLASSES 73u
#define AC_MAX_BATCH 256u

struct ac_sizeclass {
    uint32_t size_bytes;
    uint32_t recip;        /* 2^31 / (size / 16), rounded up                        */
    uint16_t nobj;         /* blocks a span                                         */
    uint8_t span_units;    /* units a span                                          */
    uint8_t magazine_log2; /* log2 of the slots of the largest magazine             */
    uint32_t batch;        /* blocks moved at once between a magazine and the shard */
};

extern const struct ac_sizeclass ac_sizeclass[AC_NCLASSES] AC_HIDDEN;
extern const uint8_t ac_sizeclass_bin[AC_SMALL_MAX_BYTES / AC_GRANULE_BYTES + 1] AC_HIDDEN;

/* Index of the bin of a small request in words: class * AC_BIN_WORDS. size <= AC_SMALL_MAX_BYTES. */
AC_INLINE size_t ac_bin_of_size(size_t size)
{
    return ac_sizeclass_bin[(size + AC_GRANULE_BYTES - 1) / AC_GRANULE_BYTES];
}

AC_INLINE unsigned ac_class_of_size(size_t size)
{
    return (unsigned)ac_bin_of_size(size) / AC_BIN_WORDS;
}

/* The smallest class that holds `size` and whose blocks are all aligned to `align` (a power of two up to a
 * unit); 0 when there is none. */
unsigned ac_class_of_aligned(size_t size, size_t align);

/* Which block of a span a byte offset falls into. */
AC_INLINE uint32_t ac_class_index(uint32_t offset, uint32_t recip)
{
    return (uint32_t)(((uint64_t)(offset / AC_GRANULE_BYTES) * recip) >> 31);
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * bits.h -- powers of two, alignment, and runs of set bits in one word.
 *
 * Knows:      unsigned arithmetic.
 * Does not know: what the bits stand for.
 * Invariants: none.
 * Threads:    pure functions.
 */
#ifndef AC_BASE_BITS_H
#define AC_BASE_BITS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

AC_INLINE bool ac_is_pow2(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

AC_INLINE uint64_t ac_align_up(uint64_t n, uint64_t align)
{
    return (n + align - 1) & ~(align - 1);
}

AC_INLINE uint64_t ac_align_down(uint64_t n, uint64_t align)
{
    return n & ~(align - 1);
}

/* What splitmix64 (Steele, Lea, Flood 2014) makes of each number of a sequence that goes up by AC_MIX_STEP:
 * words as good as random, a different one for each. */
#define AC_MIX_STEP ((uint64_t)0x9e3779b97f4a7c15)

AC_INLINE uint64_t ac_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Smallest power of two not below n; n in 1 .. 2^63. */
AC_INLINE uint64_t ac_pow2_up(uint64_t n)
{
    return n <= 1 ? 1 : (uint64_t)1 << (64 - __builtin_clzll(n - 1));
}

/* Bits start .. start + n - 1 of a word; n in 1 .. 64. */
AC_INLINE uint64_t ac_bit_range(unsigned start, unsigned n)
{
    return (~(uint64_t)0 >> (64 - n)) << start;
}

/* The set of positions at which a run of n set bits begins; n in 1 .. 64. */
AC_INLINE uint64_t ac_bit_runs(uint64_t bits, unsigned n)
{
    unsigned have = 1;
    while (have * 2 <= n) {
        bits &= bits >> have;
        have *= 2;
    }
    return have < n ? bits & bits >> (n - have) : bits;
}

/* Length of the longest run of set bits, 0 .. 64. */
AC_INLINE unsigned ac_bit_longest_run(uint64_t bits)
{
    unsigned n = 0;
    if (bits == ~(uint64_t)0)
        return 64;
    for (; bits != 0; n++)
        bits &= bits << 1;
    return n;
}

#endif

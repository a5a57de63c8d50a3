/* SPDX-License-Identifier: MIT
 *
 * span.h -- the descriptor of a run of units that serves one purpose: blocks of a size class, or one large
 * block.
 *
 * Knows:      where the run is, what it holds, which of its blocks are free.
 * Does not know: threads, magazines, locks: its owner's lock guards it.
 * Invariants: SP1 every unit of a live span has the page-map entry of the span (a huge block: its first
 *             unit only);
 *             SP2 a set bit in free_bits is a block that is neither in use nor cached anywhere; nfree
 *             counts them;
 *             SP3 blocks from index `fresh` on have never been handed out and have no bit set;
 *             SP4 nfree + (nobj - fresh) + blocks handed out = nobj.
 * Threads:    small spans: the lock of their center. Large ones: fields are constant while the block is
 *             live, except `bytes`, which only the thread that reallocates it writes.
 */
#ifndef AC_CORE_SPAN_H
#define AC_CORE_SPAN_H

#include "base/list.h"
#include "core/harden.h"
#include "core/sizeclass.h"

struct ac_chunk;

/* AC_SPAN_GUARDED: all guarded blocks (watch/guard.h) are one span. */
enum ac_span_kind { AC_SPAN_SMALL = 1, AC_SPAN_LARGE, AC_SPAN_HUGE, AC_SPAN_GUARDED };

/* Of a small span: which list of its center it is on. Of the others: whether the block is live. */
enum ac_span_state {
    AC_SPAN_FREED,
    AC_SPAN_CURRENT, /* refills come from it                                 */
    AC_SPAN_FULL,    /* on no list                                           */
    AC_SPAN_FEW,     /* on list 0: too few free blocks to be worth a visit   */
    AC_SPAN_SOME,    /* on list 1                                            */
    AC_SPAN_MANY,    /* on list 2: more than half is free                    */
    AC_SPAN_SPARE,   /* wholly free, kept against thrashing                  */
    AC_SPAN_LIVE
};

struct ac_span {
    uintptr_t base;
    struct ac_chunk *chunk; /* NULL: a mapping of its own                             */
    struct ac_list link;    /* in a list of the center or of the huge cache           */
    uint32_t recip;         /* of the size class                                      */
    uint32_t size_bytes;    /* of a block; 0 when not small                           */
    uint16_t nfree;         /* bits set in free_bits                                  */
    uint16_t nobj;
    uint16_t fresh;      /* blocks handed out at least once                        */
    uint16_t event;      /* the value of nfree at which the span changes lists     */
    uint16_t first_word; /* no bit is set below this word of free_bits             */
    uint8_t class;
    uint8_t shard;
    uint8_t kind;
    uint8_t state;
    uint8_t epoch;         /* of the center (small) when the span was made           */
    uint16_t combed;       /* nfree when its free pages were last given back (comb.h) */
    uint16_t row;          /* of a huge block in the state segment (addresses.h)      */
    uint32_t purged_bytes; /* combed: how many bytes those were                       */
    size_t units;
    size_t bytes;         /* large: usable bytes, whole pages                       */
    uint16_t *records;    /* hardened mode: one a block (heap/hardened.h), else none */
    uint64_t free_bits[]; /* large blocks in hardened mode: what its files keep      */
};

#define AC_SPAN_LINES_LARGE 2u

/* Of the bitmap. */
AC_INLINE size_t ac_span_words(unsigned class)
{
    return ((size_t)ac_sizeclass[class].nobj + 63) / 64;
}

AC_INLINE unsigned ac_span_lines(unsigned class)
{
    size_t words = ac_span_words(class);
    if (ac_harden_is_on())
        words += ((size_t)ac_sizeclass[class].nobj + 3) / 4;
    return (unsigned)((sizeof(struct ac_span) + words * 8 + AC_CACHE_LINE - 1) / AC_CACHE_LINE);
}

/* Blocks of a span: in hardened mode they leave room for its guard page. */
AC_INLINE uint16_t ac_span_nobj(unsigned class)
{
    const struct ac_sizeclass *sc = &ac_sizeclass[class];
    size_t room = (sc->span_units * AC_UNIT_BYTES - ac_harden_fence_bytes()) / sc->size_bytes;
    return room < sc->nobj ? (uint16_t)room : sc->nobj;
}

AC_INLINE size_t ac_span_bytes(const struct ac_span *span)
{
    return span->units * AC_UNIT_BYTES;
}

/* Where its units begin: with the block, but for large ones in hardened mode. */
AC_INLINE uintptr_t ac_span_first_unit(const struct ac_span *span)
{
    return span->base & ~(uintptr_t)(AC_UNIT_BYTES - 1);
}

#endif

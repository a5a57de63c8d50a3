/* SPDX-License-Identifier: MIT
 *
 * Small spans and their centers. Spans that are full are on no list, so they are found through the page
 * map, once for each shard; what they add up to must be what their centers have counted.
 */
#include "verify/verify.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/pageheap.h"
#include "core/span.h"
#include "heap/central.h"

struct tally {
    uint64_t out;
    uint64_t fresh;
    uint64_t purged_bytes;
    uint32_t in_state[AC_SPAN_LIVE + 1];
};

struct sums {
    struct tally classes[AC_NCLASSES];
};

static void verify_bits(struct ac_verify *verify, const struct ac_span *span)
{
    unsigned nfree = 0;
    for (unsigned i = 0; i < (span->nobj + 63u) / 64; i++) {
        uint64_t bits = span->free_bits[i];
        unsigned known = span->fresh > i * 64 ? span->fresh - i * 64u : 0;
        uint64_t beyond = known >= 64 ? 0 : bits & ~(uint64_t)0 << known;
        nfree += (unsigned)__builtin_popcountll(bits);
        AC_VERIFY_EQ(verify, "SP3", "a free bit of a block never handed out", span, beyond, 0);
        if (i < span->first_word)
            AC_VERIFY_EQ(verify, "SP2", "a free bit below first_word", span, bits, 0);
    }
    AC_VERIFY_EQ(verify, "SP2", "free bits against nfree", span, nfree, span->nfree);
    AC_VERIFY_LE(verify, "SP3", "fresh blocks of a span", span, span->fresh, span->nobj);
    AC_VERIFY_LE(verify, "SP4", "free blocks of a span", span, span->nfree, span->fresh);
}

/* nfree and `event` are those of the list that the state names. */
static void verify_state(struct ac_verify *verify, const struct ac_span *span)
{
    unsigned few = span->nobj / 8u;
    unsigned half = span->nobj / 2u;
    unsigned low = 0;
    unsigned high = span->fresh;
    unsigned event = UINT16_MAX;
    switch (span->state) {
    case AC_SPAN_CURRENT:
        break;
    case AC_SPAN_FULL:
        high = 0;
        event = 1;
        break;
    case AC_SPAN_FEW:
        high = few - 1;
        event = few;
        break;
    case AC_SPAN_SOME:
        low = few;
        high = half - 1;
        event = half;
        break;
    case AC_SPAN_MANY:
        low = half;
        high = span->fresh - 1u;
        event = span->fresh;
        break;
    case AC_SPAN_SPARE:
        low = span->fresh;
        break;
    default:
        ac_verify_breach(verify, "SP2", "the state of a small span", span, span->state, AC_SPAN_CURRENT);
        return;
    }
    AC_VERIFY_LE(verify, "SP2", "free blocks for the span's list, at most", span, span->nfree, high);
    AC_VERIFY_LE(verify, "SP2", "free blocks for the span's list, at least", span, low, span->nfree);
    AC_VERIFY_EQ(verify, "SP2", "the count at which the span changes lists", span, span->event, event);
}

static void verify_units(struct ac_verify *verify, const struct ac_span *span, uint64_t entry)
{
    const struct ac_chunk *chunk = span->chunk;
    for (size_t u = 0; u < span->units; u++) {
        void *unit = (void *)(span->base + u * AC_UNIT_BYTES);
        AC_VERIFY_EQ(verify, "SP1", "the page-map entry of a unit of a span", unit, ac_pagemap_get(unit),
                     entry);
    }
    uintptr_t base = ac_span_first_unit(span);
    if (chunk == NULL || span->units == 0 || base < chunk->base ||
        base + ac_span_bytes(span) > chunk->base + chunk->units * AC_UNIT_BYTES) {
        ac_verify_breach(verify, "PH1", "a span does not lie in its chunk", span, span->base, 0);
        return;
    }
    unsigned first = (unsigned)((base - chunk->base) >> AC_UNIT_SHIFT);
    uint64_t mask = ac_bit_range(first, (unsigned)span->units);
    AC_VERIFY_EQ(verify, "PH1", "units both free and in a span", span, ac_load_rlx(&chunk->free) & mask, 0);
}

static bool verify_class(struct ac_verify *verify, const struct ac_span *span, uint64_t entry)
{
    unsigned class = ac_entry_bin(entry) / AC_BIN_WORDS;
    const struct ac_sizeclass *sc = &ac_sizeclass[class < AC_NCLASSES ? class : 0];
    bool same = span->kind == AC_SPAN_SMALL && span->class == class && sc->size_bytes != 0 &&
                span->shard == ac_entry_shard(entry) && span->size_bytes == sc->size_bytes &&
                span->recip == sc->recip && span->nobj == ac_span_nobj(class < AC_NCLASSES ? class : 0) &&
                span->units == sc->span_units;
    if (!same)
        ac_verify_breach(verify, "SP1", "a span is not of the class in its page-map entry", span, span->class,
                         class);
    return same;
}

static void verify_span(struct ac_verify *verify, const struct ac_center *centers, const struct ac_span *span,
                        uint64_t entry, struct sums *sums)
{
    if (!verify_class(verify, span, entry))
        return;
    verify->small_units += span->units;
    if (span->epoch != centers[span->class].epoch) /* torn by a fork and left for good */
        return;
    struct tally *tally = &sums->classes[span->class];
    verify_units(verify, span, entry);
    verify_bits(verify, span);
    verify_state(verify, span);
    tally->out += (uint64_t)span->fresh - span->nfree;
    tally->fresh += span->fresh;
    tally->purged_bytes += span->purged_bytes;
    tally->in_state[span->state <= AC_SPAN_LIVE ? span->state : 0]++;
}

static void verify_unit(struct ac_verify *verify, const struct ac_center *centers, uintptr_t at,
                        uint64_t entry, struct sums *sums)
{
    const struct ac_span *span = ac_entry_span(entry);
    if (span == NULL || (uintptr_t)span % AC_CACHE_LINE != 0)
        ac_verify_breach(verify, "PM2", "an entry of a small span leads to none", (void *)at, entry, 0);
    else if (span->base == at)
        verify_span(verify, centers, span, entry, sums);
    else if (at - span->base >= span->units * AC_UNIT_BYTES)
        ac_verify_breach(verify, "SP1", "an entry leads to a span elsewhere", (void *)at, span->base, at);
}

/* Length of a list of spans of a center, each of which has to say that it is on it. */
static void verify_list(struct ac_verify *verify, const struct ac_center *center, unsigned n,
                        uint64_t expected)
{
    const struct ac_list *list = &center->partial[n];
    uint64_t length = 0;
    for (const struct ac_list *l = list->next; l != list && length <= expected; l = l->next, length++) {
        const struct ac_span *span = AC_CONTAINER(l, struct ac_span, link);
        AC_VERIFY_EQ(verify, "LI1", "a link back", l, (uintptr_t)l->next->prev, (uintptr_t)l);
        AC_VERIFY_EQ(verify, "SP2", "the state of a span on a list", span, span->state, AC_SPAN_FEW + n);
        AC_VERIFY_EQ(verify, "SP2", "the class of a span on a list", span, span->class, center->class);
    }
    AC_VERIFY_EQ(verify, "SP2", "spans on a list of a center", center, length, expected);
}

static void verify_slot(struct ac_verify *verify, const struct ac_center *center, const struct ac_span *span,
                        enum ac_span_state state, const struct tally *tally)
{
    AC_VERIFY_EQ(verify, "SP2", "spans in the state of a center's slot", center, tally->in_state[state],
                 span != NULL);
    if (span != NULL)
        AC_VERIFY_EQ(verify, "SP2", "the state of a center's current or spare span", span, span->state,
                     state);
}

static void verify_center(struct ac_verify *verify, const struct ac_center *center, const struct tally *tally)
{
    uint64_t nspans = 0;
    for (unsigned state = 0; state <= AC_SPAN_LIVE; state++)
        nspans += tally->in_state[state];
    AC_VERIFY_EQ(verify, "CE2", "blocks out of a center's spans", center, tally->out, center->out);
    AC_VERIFY_EQ(verify, "SP4", "blocks of a center ever handed out", center, tally->fresh, center->fresh);
    AC_VERIFY_EQ(verify, "CE2", "spans of a center", center, nspans, center->nspans);
    AC_VERIFY_EQ(verify, "CO2", "purged bytes of a center", center, tally->purged_bytes,
                 center->purged_bytes);
    AC_VERIFY_LE(verify, "CE1", "blocks in a transfer cache", center, center->ntransfer,
                 center->transfer_cap);
    if (center->epoch == 0) /* later it may hold blocks of spans that are not counted any more */
        AC_VERIFY_LE(verify, "CE2", "blocks in a transfer cache, of those out", center, center->ntransfer,
                     center->out);
    AC_VERIFY_EQ(verify, "LK1", "the owner of a lock that is held", center,
                 center->lock.word & ~AC_LOCK_WAITERS, verify->me);
    if (center->ready == 0)
        return;
    for (unsigned n = 0; n < AC_NPARTIAL; n++)
        verify_list(verify, center, n, tally->in_state[AC_SPAN_FEW + n]);
    verify_slot(verify, center, center->current, AC_SPAN_CURRENT, tally);
    verify_slot(verify, center, center->spare, AC_SPAN_SPARE, tally);
}

void ac_verify_shard(struct ac_verify *verify, unsigned shard)
{
    const struct ac_center *centers = ac_center_peek(shard, 0);
    struct sums sums = {0};
    uintptr_t at = 0;
    for (uint64_t entry; ac_pagemap_next(&at, &entry); at += AC_UNIT_BYTES) {
        if (ac_entry_shard(entry) == shard)
            verify_unit(verify, centers, at, entry, &sums);
    }
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        verify_center(verify, &centers[c], &sums.classes[c]);
}

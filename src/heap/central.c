/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Problem. Magazines need blocks in batches and give them back in batches, in any order, from any thread.
 * Spans that are nearly empty should drain, so that their pages can serve something else; spans that are
 * nearly full should not be visited for one block.
 *
 * Idea. The state of a block is one bit in its span's descriptor; a freed block is never touched. A batch
 * taken from a span comes in address order, whatever order the blocks were freed in. In front of the
 * bitmaps a transfer cache takes whole batches as they are, so that threads that trade blocks (and a
 * thread that swings around its magazine's capacity) pay a copy of pointers and no bitmap work.
 *
 *      FULL --first free--> FEW --t0--> SOME --half--> MANY --all--> SPARE or given back to the page heap
 *
 * `event` is the value of nfree at which a span moves on; so giving a block back costs one comparison. The
 * current span moves nowhere. Refills take SOME before MANY before FEW: a span with few free blocks is not
 * worth the visit, one that is nearly empty should drain.
 *
 * Cost. take and give: one lock; a multiplication and a bit an object; a list operation at each `event`.
 *
 * Fork. A center whose lock was held by another thread is torn: it starts over empty with the next epoch,
 * and blocks of older epochs that come back are dropped. Frees of them cost one comparison on a line that
 * is read anyway.
 */
#include "heap/central.h"

#include "base/atomic.h"
#include "core/addresses.h"
#include "core/fault.h"
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"

#include <string.h>

#define TRANSFER_BYTES 131072u
#define TRANSFER_BATCHES 8u
/* What is cached is at most this share of what is out of the spans, but for a few batches. */
#define CACHED_SHARE 8u
#define CACHED_MIN_BYTES 16384u
#define NEVER_EVENT UINT16_MAX
#define SPARE_MAX_UNITS 2u

static struct ac_center *shard_centers[AC_MAX_SHARDS + 1];

static struct ac_center *shard_get(unsigned shard, uint32_t me)
{
    struct ac_center *centers = ac_load_acq(&shard_centers[shard]);
    if (AC_LIKELY(centers != NULL))
        return centers;
    struct ac_center *fresh = ac_meta_get_bytes(sizeof *fresh * AC_NCLASSES, me);
    if (fresh == NULL)
        return NULL;
    if (ac_cas_rel(&shard_centers[shard], &centers, fresh))
        return fresh;
    return ac_load_acq(&shard_centers[shard]);
}

struct ac_center *ac_center_get(unsigned shard, unsigned class, uint32_t me)
{
    struct ac_center *centers = shard_get(shard, me);
    if (centers == NULL)
        return NULL;
    /* Whoever comes writes the same; and only centers in use are touched. */
    if (AC_UNLIKELY(ac_load_rlx(&centers[class].class) == 0)) {
        ac_store_rlx(&centers[class].shard, (uint8_t)shard);
        ac_store_rlx(&centers[class].class, (uint8_t) class);
    }
    return &centers[class];
}

struct ac_center *ac_center_peek(unsigned shard, unsigned class)
{
    struct ac_center *centers = ac_load_acq(&shard_centers[shard]);
    return centers == NULL ? NULL : &centers[class];
}

static void center_show(const struct ac_center *center)
{
    struct ac_state_center *row = center->row;
    ac_store_rlx(&row->out, center->out);
    ac_store_rlx(&row->fresh, center->fresh);
    ac_store_rlx(&row->nspans, center->nspans);
    ac_store_rlx(&row->transfer, (uint64_t)center->ntransfer);
    ac_store_rlx(&row->purged_bytes, center->purged_bytes);
    ac_store_rlx(&row->shard, (uint32_t)center->shard);
    ac_store_rlx(&row->class, (uint32_t)center->class);
}

static void center_init_locked(struct ac_center *center)
{
    if (center->row == NULL)
        center->row = ac_segment_new_center();
    center_show(center);
    for (unsigned i = 0; i < AC_NPARTIAL; i++)
        ac_list_init(&center->partial[i]);
    ac_store_rlx(&center->ready, 1);
}

AC_INLINE void center_lock(struct ac_center *center, uint32_t me)
{
    ac_lock(&center->lock, me);
    if (AC_UNLIKELY(center->ready == 0))
        center_init_locked(center);
}

static void span_enlist(struct ac_center *center, struct ac_span *span)
{
    unsigned few = span->nobj / 8u;
    unsigned half = span->nobj / 2u;
    unsigned list;
    if (span->nfree < few) {
        list = 0;
        span->event = (uint16_t)few;
    } else if (span->nfree < half) {
        list = 1;
        span->event = (uint16_t)half;
    } else {
        list = 2;
        span->event = span->fresh;
    }
    span->state = (uint8_t)(AC_SPAN_FEW + list);
    ac_list_push(&center->partial[list], &span->link);
}

/* Bytes of a span from its start that blocks were ever handed out from. */
static size_t span_touched_bytes(const struct ac_span *span)
{
    return (size_t)span->fresh * span->size_bytes;
}

/* Blocks are to be taken from it, or it goes. */
static void span_forget_purged(struct ac_center *center, struct ac_span *span)
{
    if (AC_UNLIKELY(span->purged_bytes != 0)) {
        ac_center_count(center, purged_bytes, -(uint64_t)span->purged_bytes);
        ac_purge_count_combed(-(ptrdiff_t)span->purged_bytes);
        span->purged_bytes = 0;
    }
    span->combed = 0;
}

static void span_give_back(struct ac_center *center, struct ac_span *span, uint32_t me)
{
    size_t touched_units = (span_touched_bytes(span) + AC_UNIT_BYTES - 1) >> AC_UNIT_SHIFT;
    ac_center_count(center, nspans, (uint64_t)-1);
    ac_center_count(center, fresh, -(uint64_t)span->fresh);
    span_forget_purged(center, span);
    ac_pagemap_set(span->base, span->units, ac_entry_make(NULL, AC_FREED_SHARD, span->class * AC_BIN_WORDS));
    ac_pageheap_give(span->chunk, span->base, span->units, touched_units, me);
    ac_meta_put(span, ac_span_lines(span->class), me);
}

/* A block came back and nfree has reached `event`. */
static AC_NOINLINE void span_event(struct ac_center *center, struct ac_span *span, uint32_t me)
{
    if (span->state != AC_SPAN_FULL)
        ac_list_remove(&span->link);
    if (span->nfree < span->fresh) {
        span_enlist(center, span);
        return;
    }
    if (center->spare == NULL && span->units <= SPARE_MAX_UNITS) {
        center->spare = span;
        span->state = AC_SPAN_SPARE;
        span->event = NEVER_EVENT;
        return;
    }
    span_give_back(center, span, me);
}

static struct ac_span *span_new(struct ac_center *center, uint32_t me)
{
    const struct ac_sizeclass *sc = &ac_sizeclass[center->class];
    struct ac_run run = {.for_large = 0};
    struct ac_span *span = ac_meta_get(ac_span_lines(center->class), me);
    if (span == NULL)
        return NULL;
    if (!ac_purge_take_run(sc->span_units, 1, &run, me)) {
        ac_meta_put(span, ac_span_lines(center->class), me);
        return NULL;
    }
    span->base = run.base;
    span->chunk = run.chunk;
    ac_list_init(&span->link);
    span->recip = sc->recip;
    span->size_bytes = sc->size_bytes;
    span->nobj = ac_span_nobj(center->class);
    span->records = (uint16_t *)(span->free_bits + ac_span_words(center->class));
    span->class = center->class;
    span->shard = center->shard;
    span->kind = AC_SPAN_SMALL;
    span->epoch = center->epoch;
    span->units = sc->span_units;
    ac_center_count(center, nspans, 1);
    ac_pagemap_set(run.base, sc->span_units,
                   ac_entry_make(span, center->shard, center->class * AC_BIN_WORDS));
    return span;
}

/* Free blocks of a span in address order, stored downwards from `end`. */
static unsigned span_take_free(struct ac_span *span, void **end, unsigned n)
{
    unsigned want = n < span->nfree ? n : span->nfree;
    unsigned left = want;
    unsigned word = span->first_word;
    const size_t size = span->size_bytes;
    while (left != 0) {
        uint64_t bits = span->free_bits[word];
        uintptr_t at = span->base + (size_t)word * 64 * size;
        for (; bits != 0 && left != 0; left--) {
            *--end = (void *)(at + (size_t)__builtin_ctzll(bits) * size);
            bits &= bits - 1;
        }
        ac_store_rlx(&span->free_bits[word], bits);
        if (bits == 0)
            word++;
    }
    span->first_word = (uint16_t)word;
    span->nfree = (uint16_t)(span->nfree - want);
    return want;
}

static unsigned span_take_fresh(struct ac_center *center, struct ac_span *span, void **end, unsigned n)
{
    unsigned left = (unsigned)(span->nobj - span->fresh);
    unsigned take = n < left ? n : left;
    uintptr_t at = span->base + (size_t)span->fresh * span->size_bytes;
    for (unsigned i = 0; i < take; i++, at += span->size_bytes)
        *--end = (void *)at;
    ac_store_rlx(&span->fresh, (uint16_t)(span->fresh + take));
    ac_center_count(center, fresh, take);
    ac_addresses_show_handed(span);
    return take;
}

static struct ac_span *next_span(struct ac_center *center, bool may_open, uint32_t me)
{
    static const uint8_t order[AC_NPARTIAL] = {1, 2, 0};
    for (unsigned i = 0; i < AC_NPARTIAL; i++) {
        struct ac_list *list = &center->partial[order[i]];
        if (!ac_list_is_empty(list)) {
            struct ac_span *span = AC_CONTAINER(list->next, struct ac_span, link);
            ac_list_remove(&span->link);
            return span;
        }
    }
    struct ac_span *spare = center->spare;
    if (spare != NULL) {
        center->spare = NULL;
        return spare;
    }
    return may_open ? span_new(center, me) : NULL;
}

static unsigned take_from_spans(struct ac_center *center, void **end, unsigned n, uint32_t me, bool may_open)
{
    unsigned got = 0;
    struct ac_span *span = center->current;
    for (;;) {
        if (span != NULL) {
            got += span_take_free(span, end - got, n - got);
            if (got < n)
                got += span_take_fresh(center, span, end - got, n - got);
            if (got == n)
                break;
            span->state = AC_SPAN_FULL;
            span->event = 1;
        }
        /* Half a batch is enough when the rest would open a new span. */
        span = next_span(center, may_open && got * 2 < n, me);
        center->current = span;
        if (span == NULL)
            break;
        if (AC_UNLIKELY(span->combed != 0))
            span_forget_purged(center, span);
        span->state = AC_SPAN_CURRENT;
        span->event = NEVER_EVENT;
    }
    center->current = span;
    ac_center_count(center, out, got);
    return got;
}

static void set_transfer(struct ac_center *center, uint32_t n)
{
    ac_store_rlx(&center->ntransfer, n);
    ac_store_rlx(&center->row->transfer, (uint64_t)n);
}

static unsigned take_from_transfer(struct ac_center *center, void **out_blocks, unsigned n)
{
    unsigned take = center->ntransfer < n ? center->ntransfer : n;
    set_transfer(center, center->ntransfer - take);
    if (take != 0)
        memcpy(out_blocks, center->transfer + center->ntransfer, take * sizeof(void *));
    return take;
}

unsigned ac_center_take(struct ac_center *center, void **out_blocks, unsigned n, uint32_t me, bool hot)
{
    center_lock(center, me);
    ac_store_rlx(&center->touched, (uint8_t)1);
    unsigned got = hot ? take_from_transfer(center, out_blocks, n) : 0;
    if (got == 0) {
        got = take_from_spans(center, out_blocks + n, n, me, true);
        if (got != 0 && got < n)
            memmove(out_blocks, out_blocks + (n - got), got * sizeof(void *));
    }
    ac_count_add(&center->row->taken, got);
    ac_unlock(&center->lock);
    return got;
}

void *ac_center_try_take(struct ac_center *center, uint32_t me)
{
    void *block = NULL;
    if (!ac_lock_try(&center->lock, me))
        return NULL;
    if (center->ready != 0 && take_from_transfer(center, &block, 1) == 0)
        take_from_spans(center, &block + 1, 1, me, false);
    ac_unlock(&center->lock);
    return block;
}

static AC_NOINLINE void span_gain_events(struct ac_center *center, struct ac_span *span, unsigned n,
                                         uint32_t me)
{
    while (n != 0) {
        unsigned to_event = (unsigned)(span->event - span->nfree);
        unsigned step = n < to_event ? n : to_event;
        span->nfree = (uint16_t)(span->nfree + step);
        n -= step;
        if (span->nfree == span->event)
            span_event(center, span, me);
    }
}

/* n bits of the span have been set. */
AC_INLINE void span_gain(struct ac_center *center, struct ac_span *span, unsigned n, uint32_t me)
{
    if (AC_LIKELY(span->nfree + n < span->event))
        span->nfree = (uint16_t)(span->nfree + n);
    else
        span_gain_events(center, span, n, me);
}

AC_INLINE struct ac_span *span_of_block(const struct ac_center *center, const void *block)
{
    struct ac_span *span = ac_entry_span(ac_pagemap_get(block));
    if (AC_UNLIKELY(span == NULL || span->kind != AC_SPAN_SMALL))
        ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, ac_sizeclass[center->class].size_bytes, NULL);
    return span;
}

/* Blocks that come back one after the other are often neighbours: the page map is asked once for those of one
 * span, its counter changes once, and a word of its bitmap once for those of one word. */
static unsigned span_give(struct ac_center *center, struct ac_span *span, void **blocks, unsigned n,
                          uint32_t me)
{
    const uintptr_t base = span->base;
    const size_t bytes = ac_span_bytes(span);
    const uint32_t size = span->size_bytes;
    uint64_t *word = NULL;
    uint64_t bits = 0;
    unsigned k = 0;
    do {
        uint32_t offset = (uint32_t)((uintptr_t)blocks[k] - base);
        uint32_t i = ac_class_index(offset, span->recip);
        uint64_t bit = (uint64_t)1 << (i % 64);
        if (&span->free_bits[i / 64] != word) {
            if (word != NULL)
                ac_store_rlx(word, bits);
            word = &span->free_bits[i / 64];
            bits = *word;
            if (i / 64 < span->first_word)
                span->first_word = (uint16_t)(i / 64);
        }
        if (AC_UNLIKELY(i * size != offset || i >= span->fresh || (bits & bit) != 0))
            ac_center_bad_block(span, blocks[k]);
        bits |= bit;
        k++;
    } while (k < n && (uintptr_t)blocks[k] - base < bytes);
    ac_store_rlx(word, bits);
    span_gain(center, span, k, me);
    return k;
}

static void give_to_spans(struct ac_center *center, void **blocks, unsigned n, uint32_t me)
{
    unsigned given = 0;
    for (unsigned k = 0; k < n;) {
        struct ac_span *span = span_of_block(center, blocks[k]);
        bool ours = span->epoch == center->epoch;
        unsigned step = AC_LIKELY(ours) ? span_give(center, span, blocks + k, n - k, me) : 1;
        given += ours ? step : 0;
        k += step;
    }
    ac_center_count(center, out, -(uint64_t)given);
}

static bool transfer_make(struct ac_center *center, uint32_t me)
{
    const struct ac_sizeclass *sc = &ac_sizeclass[center->class];
    uint32_t cap = TRANSFER_BYTES / sc->size_bytes;
    if (cap > TRANSFER_BATCHES * sc->batch)
        cap = TRANSFER_BATCHES * sc->batch;
    center->transfer = ac_meta_get_bytes(cap * sizeof(void *), me);
    if (center->transfer == NULL)
        return false;
    center->transfer_cap = cap;
    return true;
}

static unsigned give_to_transfer(struct ac_center *center, void **blocks, unsigned n, uint32_t me)
{
    if (center->transfer == NULL && !transfer_make(center, me))
        return 0;
    uint64_t least = CACHED_MIN_BYTES / ac_sizeclass[center->class].size_bytes;
    uint64_t most = center->out / CACHED_SHARE > least ? center->out / CACHED_SHARE : least;
    if (most > center->transfer_cap)
        most = center->transfer_cap;
    if (center->ntransfer + n > most)
        return 0;
    memcpy(center->transfer + center->ntransfer, blocks, n * sizeof(void *));
    set_transfer(center, center->ntransfer + n);
    return n;
}

void ac_center_give(struct ac_center *center, void **blocks, unsigned n, uint32_t me, bool hot)
{
    center_lock(center, me);
    ac_store_rlx(&center->touched, (uint8_t)1);
    unsigned done = hot ? give_to_transfer(center, blocks, n, me) : 0;
    if (done < n)
        give_to_spans(center, blocks + done, n - done, me);
    ac_count_add(&center->row->given, n);
    ac_unlock(&center->lock);
}

void ac_center_drain(struct ac_center *center, uint32_t me)
{
    if (ac_load_rlx(&center->ready) == 0)
        return;
    center_lock(center, me);
    unsigned n = center->ntransfer;
    set_transfer(center, 0);
    if (n != 0)
        give_to_spans(center, center->transfer, n, me);
    struct ac_span *spare = center->spare;
    center->spare = NULL;
    if (spare != NULL)
        span_give_back(center, spare, me);
    struct ac_span *current = center->current;
    if (current != NULL && current->nfree == current->fresh) {
        center->current = NULL;
        span_give_back(center, current, me);
    }
    ac_unlock(&center->lock);
}

void ac_center_drain_untouched(struct ac_center *center, uint32_t me)
{
    bool touched = ac_load_rlx(&center->touched) != 0;
    ac_store_rlx(&center->touched, (uint8_t)0);
    if (!touched)
        ac_center_drain(center, me);
}

static void center_recover(struct ac_center *center, uint32_t me)
{
    if (!ac_lock_was_torn(&center->lock, me)) {
        if (center->row != NULL)
            center_show(center);
        return;
    }
    center->epoch++;
    center->ready = 0;
    center->current = NULL;
    center->spare = NULL;
    center->transfer = NULL;
    center->ntransfer = 0;
    center->transfer_cap = 0;
    center->out = 0;
    center->nspans = 0;
    center->fresh = 0;
    center->purged_bytes = 0;
}

void ac_central_recover(uint32_t me)
{
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        if (shard_centers[shard] == NULL)
            continue;
        for (unsigned c = 1; c < AC_NCLASSES; c++)
            center_recover(&shard_centers[shard][c], me);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * A chunk or block remembers the number of its row. Numbers that were given back lie on a stack; the others
 * are given out in order. So the tables below are touched only as far as rows come and go.
 */
#include "core/addresses.h"

#include "base/atomic.h"
#include "core/pageheap.h"
#include "core/segment.h"
#include "core/span.h"
#include "os/lock.h"

#define NO_ROW AC_STATE_MAX_CHUNKS
#define EIGHTH_BYTES (AC_UNIT_BYTES / 8)

AC_STATIC_ASSERT(AC_STATE_MAX_CHUNKS < UINT16_MAX, "the number of a row must fit into 16 bits");
AC_STATIC_ASSERT(AC_MAPCACHE_EXTENTS <= AC_STATE_MAX_KEPT, "each kept mapping has a row");
AC_STATIC_ASSERT(AC_STATE_MAX_HUGE <= AC_STATE_MAX_CHUNKS, "both tables use one number for none");

struct numbers {
    uint16_t *stack;
    unsigned nstack;
    unsigned next;
    unsigned max;
};

static uint16_t chunk_stack[AC_STATE_MAX_CHUNKS];
static uint16_t huge_stack[AC_STATE_MAX_HUGE];

static struct {
    struct ac_lock lock;
    struct ac_state_chunk *chunk_rows; /* NULL: there is no segment, or not yet */
    struct ac_state_extent *huge_rows; /* the same of these                     */
    struct ac_state_extent *kept_rows;
    struct ac_state_extent *own_rows;
    struct numbers chunks;
    struct numbers huge;
    unsigned nown;
    struct ac_mapping own[AC_STATE_MAX_OWN];
} shown = {
    .chunks = {chunk_stack, 0, 0, AC_STATE_MAX_CHUNKS},
    .huge = {huge_stack, 0, 0, AC_STATE_MAX_HUGE},
};

/* ---- numbers ---- */

static void count_missed(void)
{
    struct ac_state *state = ac_segment_state();
    if (state != NULL)
        ac_fetch_add_rlx(&state->missed_addresses, 1u);
}

static uint16_t number_get(struct numbers *numbers, uint32_t me)
{
    unsigned i = NO_ROW;
    ac_lock(&shown.lock, me);
    if (numbers->nstack != 0)
        i = numbers->stack[--numbers->nstack];
    else if (numbers->next < numbers->max)
        i = numbers->next++;
    ac_unlock(&shown.lock);
    if (i == NO_ROW)
        count_missed();
    return (uint16_t)i;
}

static void number_put(struct numbers *numbers, unsigned i, uint32_t me)
{
    if (i == NO_ROW)
        return;
    ac_lock(&shown.lock, me);
    numbers->stack[numbers->nstack++] = (uint16_t)i;
    ac_unlock(&shown.lock);
}

static void find_rows(void)
{
    shown.chunk_rows = ac_segment_rows(AC_STATE_CHUNKS);
    shown.huge_rows = ac_segment_rows(AC_STATE_HUGE);
    shown.kept_rows = ac_segment_rows(AC_STATE_KEPT);
    shown.own_rows = ac_segment_rows(AC_STATE_OWN);
}

/* ---- chunks ---- */

static struct ac_state_chunk *row_of(const struct ac_chunk *chunk)
{
    struct ac_state_chunk *rows = shown.chunk_rows;
    return rows == NULL || chunk->row == NO_ROW ? NULL : &rows[chunk->row];
}

void ac_addresses_show_chunk(const struct ac_chunk *chunk)
{
    struct ac_state_chunk *row = row_of(chunk);
    if (row == NULL)
        return;
    ac_store_rlx(&row->free, chunk->free);
    ac_store_rlx(&row->dirty, chunk->dirty);
    ac_store_rlx(&row->large, chunk->large);
}

void ac_addresses_show_whole_chunk(const struct ac_chunk *chunk)
{
    struct ac_state_chunk *row = row_of(chunk);
    if (row == NULL)
        return;
    ac_addresses_show_chunk(chunk);
    ac_store_rlx(&row->units, (uint64_t)chunk->units);
    ac_store_rlx(&row->base, (uint64_t)chunk->base);
}

void ac_addresses_add_chunk(struct ac_chunk *chunk, uint32_t me)
{
    chunk->row = number_get(&shown.chunks, me);
    ac_addresses_show_whole_chunk(chunk);
}

void ac_addresses_drop_chunk(struct ac_chunk *chunk, uint32_t me)
{
    struct ac_state_chunk *row = row_of(chunk);
    if (row != NULL)
        ac_store_rlx(&row->base, (uint64_t)0);
    number_put(&shown.chunks, chunk->row, me);
}

void ac_addresses_show_handed(const struct ac_span *span)
{
    struct ac_state_chunk *row = row_of(span->chunk);
    size_t eighths = ((size_t)span->fresh * span->size_bytes + EIGHTH_BYTES - 1) / EIGHTH_BYTES;
    size_t unit = (span->base - span->chunk->base) >> AC_UNIT_SHIFT;
    for (size_t i = 0; row != NULL && i < span->units; i++) {
        ac_store_rlx(&row->handed[unit + i], (uint8_t)(eighths < 8 ? eighths : 8));
        eighths -= eighths < 8 ? eighths : 8;
    }
}

/* ---- mappings ---- */

static void show_extent(struct ac_state_extent *rows, unsigned i, uintptr_t base, size_t bytes)
{
    if (rows == NULL || i == NO_ROW)
        return;
    ac_store_rlx(&rows[i].base, (uint64_t)base);
    ac_store_rlx(&rows[i].bytes, (uint64_t)bytes);
}

void ac_addresses_show_huge(const struct ac_span *span)
{
    show_extent(shown.huge_rows, span->row, span->base, ac_span_bytes(span));
}

void ac_addresses_add_huge(struct ac_span *span, uint32_t me, bool try_only)
{
    span->row = try_only ? (uint16_t)NO_ROW : number_get(&shown.huge, me);
    ac_addresses_show_huge(span);
}

void ac_addresses_drop_huge(struct ac_span *span, uint32_t me)
{
    show_extent(shown.huge_rows, span->row, 0, 0);
    number_put(&shown.huge, span->row, me);
}

void ac_addresses_show_kept(unsigned i, struct ac_mapping mapping)
{
    show_extent(shown.kept_rows, i, mapping.base, mapping.bytes);
}

void ac_addresses_add_own(const void *base, size_t bytes)
{
    unsigned i = ac_fetch_add_rlx(&shown.nown, 1u);
    if (AC_UNLIKELY(shown.own_rows == NULL))
        find_rows();
    if (i >= AC_STATE_MAX_OWN) {
        count_missed();
        return;
    }
    shown.own[i] = (struct ac_mapping){(uintptr_t)base, bytes};
    show_extent(shown.own_rows, i, (uintptr_t)base, bytes);
}

/* ---- fork ---- */

void ac_addresses_recover(uint32_t me)
{
    if (ac_lock_was_torn(&shown.lock, me)) {
        shown.chunks.nstack = 0; /* which loses their rows */
        shown.huge.nstack = 0;
    }
    find_rows();
    for (unsigned i = 0; i < shown.nown && i < AC_STATE_MAX_OWN; i++)
        show_extent(shown.own_rows, i, shown.own[i].base, shown.own[i].bytes);
}

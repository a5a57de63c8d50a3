/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * A lost block that another lost one leads to is lost indirectly: freeing the other would free it, as a rule.
 * Of a ring, each is led to by the next. So of what no direct one leads to, the first by address counts as
 * direct, and what it leads to does not.
 */
#include "report/leaks_blocks.h"

#include "base/bits.h"
#include "os/os.h"
#include "os/snapshot.h"

#define WINDOW_BYTES ((size_t)256 << 10)

/* ---- making ---- */

static size_t words_of(const struct ac_walk_span *walk)
{
    return (walk->nblocks + 63u) / 64;
}

static void sift(struct ac_leaks_span *spans, size_t at, size_t n)
{
    struct ac_leaks_span moved = spans[at];
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && spans[child + 1].walk->base > spans[child].walk->base)
            child++;
        if (spans[child].walk->base <= moved.walk->base)
            break;
        spans[at] = spans[child];
    }
    spans[at] = moved;
}

static void sort(struct ac_leaks_span *spans, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(spans, i, n);
    for (size_t i = n; i-- > 1;) {
        struct ac_leaks_span last = spans[i];
        spans[i] = spans[0];
        spans[0] = last;
        sift(spans, 0, i);
    }
}

static void *room(size_t bytes)
{
    return ac_os_map(0, ac_align_up(bytes + 1, ac_os_page_size()));
}

static void add_span(struct ac_leaks_blocks *out, const struct ac_walk_span *walk, uint64_t **inout_bits)
{
    struct ac_leaks_span *span = &out->spans[out->nspans++];
    uintptr_t end = walk->base + walk->nblocks * walk->block_bytes;
    *span = (struct ac_leaks_span){walk, *inout_bits, *inout_bits + words_of(walk),
                                   *inout_bits + 2 * words_of(walk)};
    *inout_bits += 3 * words_of(walk);
    out->low = walk->base < out->low ? walk->base : out->low;
    out->high = end > out->high ? end : out->high;
    out->nlive += walk->nlive;
    out->live_bytes += walk->nlive * walk->block_bytes;
}

bool ac_leaks_blocks_make(struct ac_leaks_blocks *out, struct ac_walk_part *first, int pagemap)
{
    size_t nspans = 0;
    size_t nwords = 0;
    *out = (struct ac_leaks_blocks){.low = UINTPTR_MAX, .window_bytes = WINDOW_BYTES, .pagemap = pagemap};
    for (const struct ac_walk_part *part = first; part != NULL; part = part->next) {
        nspans += part->nspans;
        for (size_t i = 0; i < part->nspans; i++)
            nwords += 3 * words_of(part->spans[i]);
    }
    uint64_t *bits = room(nwords * sizeof *bits);
    out->spans = room(nspans * sizeof *out->spans);
    out->window = room(WINDOW_BYTES);
    if (bits == NULL || out->spans == NULL || out->window == NULL)
        return false;
    for (const struct ac_walk_part *part = first; part != NULL; part = part->next) {
        for (size_t i = 0; i < part->nspans; i++)
            add_span(out, part->spans[i], &bits);
    }
    sort(out->spans, out->nspans);
    out->stack = room(out->nlive * sizeof *out->stack);
    return out->stack != NULL;
}

/* ---- finding and reaching ---- */

bool ac_leaks_find(struct ac_leaks_blocks *blocks, uintptr_t address, struct ac_leaks_block *out)
{
    size_t low = 0;
    size_t end = blocks->nspans;
    if (address - blocks->low >= blocks->high - blocks->low)
        return false;
    while (low < end) { /* the first that begins behind it */
        size_t middle = low + (end - low) / 2;
        if (blocks->spans[middle].walk->base <= address)
            low = middle + 1;
        else
            end = middle;
    }
    if (low == 0)
        return false;
    struct ac_leaks_span *span = &blocks->spans[low - 1];
    size_t index = (address - span->walk->base) / span->walk->block_bytes;
    *out = (struct ac_leaks_block){span, (uint32_t)index};
    return index < span->walk->nblocks && ac_leaks_bit(span->walk->live, (uint32_t)index);
}

static void set_bit(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

static void push(struct ac_leaks_blocks *blocks, struct ac_leaks_block block)
{
    if (ac_leaks_bit(block.span->reached, block.index))
        return;
    set_bit(block.span->reached, block.index);
    blocks->stack[blocks->nstack++] = block;
}

typedef void see_words(struct ac_leaks_blocks *blocks, struct ac_leaks_block from, const uintptr_t *words,
                       size_t n);

static void see_to_reach(struct ac_leaks_blocks *blocks, struct ac_leaks_block from, const uintptr_t *words,
                         size_t n)
{
    struct ac_leaks_block to;
    (void)from;
    for (size_t i = 0; i < n; i++) {
        if (ac_leaks_find(blocks, words[i], &to))
            push(blocks, to);
    }
}

static void see_to_tell(struct ac_leaks_blocks *blocks, struct ac_leaks_block from, const uintptr_t *words,
                        size_t n)
{
    struct ac_leaks_block to;
    for (size_t i = 0; i < n; i++) {
        if (ac_leaks_find(blocks, words[i], &to) && (to.span != from.span || to.index != from.index))
            set_bit(to.span->indirect, to.index);
    }
}

/* A block of a page or more may have pages that the program allows itself no access to. */
static void look_through(struct ac_leaks_blocks *blocks, struct ac_leaks_block block, see_words *see)
{
    size_t page = ac_os_page_size();
    size_t bytes = block.span->walk->block_bytes;
    uintptr_t base = block.span->walk->base + block.index * bytes;
    if (bytes < page) {
        see(blocks, block, (const uintptr_t *)base, bytes / sizeof(uintptr_t));
        return;
    }
    for (uintptr_t at = base & ~(page - 1); at < base + bytes; at += blocks->window_bytes) {
        size_t left = ac_align_up(base + bytes - at, page);
        size_t piece = left < blocks->window_bytes ? left : blocks->window_bytes;
        size_t first = at < base ? base - at : 0;
        size_t end = base + bytes - at < piece ? base + bytes - at : piece;
        if (ac_os_copy_touched(blocks->pagemap, false, blocks->window, at, piece) != 0)
            see(blocks, block, (const uintptr_t *)(void *)(blocks->window + first),
                (end - first) / sizeof(uintptr_t));
    }
}

static void follow(struct ac_leaks_blocks *blocks)
{
    while (blocks->nstack != 0)
        look_through(blocks, blocks->stack[--blocks->nstack], see_to_reach);
}

void ac_leaks_reach(struct ac_leaks_blocks *blocks, const uintptr_t *words, size_t n)
{
    see_to_reach(blocks, (struct ac_leaks_block){NULL, 0}, words, n);
    follow(blocks);
}

/* ---- judging ---- */

static void each_lost(struct ac_leaks_blocks *blocks,
                      void (*visit)(struct ac_leaks_blocks *, struct ac_leaks_block))
{
    for (size_t s = 0; s < blocks->nspans; s++) {
        struct ac_leaks_span *span = &blocks->spans[s];
        for (uint32_t i = 0; i < span->walk->nblocks; i++) {
            if (span->lost[i / 64] == 0)
                i |= 63;
            else if (ac_leaks_bit(span->lost, i))
                visit(blocks, (struct ac_leaks_block){span, i});
        }
    }
}

static void tell(struct ac_leaks_blocks *blocks, struct ac_leaks_block block)
{
    look_through(blocks, block, see_to_tell);
}

static void claim_direct(struct ac_leaks_blocks *blocks, struct ac_leaks_block block)
{
    if (ac_leaks_bit(block.span->indirect, block.index))
        return;
    push(blocks, block);
    follow(blocks);
}

static void claim_ring(struct ac_leaks_blocks *blocks, struct ac_leaks_block block)
{
    if (ac_leaks_bit(block.span->reached, block.index))
        return;
    block.span->indirect[block.index / 64] &= ~((uint64_t)1 << block.index % 64);
    push(blocks, block);
    follow(blocks);
}

void ac_leaks_judge(struct ac_leaks_blocks *blocks)
{
    for (size_t s = 0; s < blocks->nspans; s++) {
        struct ac_leaks_span *span = &blocks->spans[s];
        for (size_t i = 0; i < words_of(span->walk); i++)
            span->lost[i] = span->walk->live[i] & ~span->reached[i];
    }
    each_lost(blocks, tell);
    each_lost(blocks, claim_direct);
    each_lost(blocks, claim_ring);
}

/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Problem. A few blocks that live long keep spans from coming free: one in 32 of a server's records is
 * enough to keep every span of its class. What is free between them fits only that class, which may have
 * gone out of use.
 *
 * Idea. Blocks are told free by bits outside them, so the pages that only free blocks lie on can go back to
 * the system while the span stays as it is. Handing such a block out again costs a page fault. A run of
 * free bits from block a to block b covers the pages that lie wholly in [a * size, b * size).
 *
 *      blocks  |live|free|free|free|free|live|        pages given back
 *      pages   |    .    |#########|    .    |        are marked #
 *
 * Cost. A few instructions a word of the bitmap, one system call a run. A span is looked at again when a
 * quarter of the blocks that were in use has come free. Spans less than half free are passed by unless
 * blocks are long: short ones leave no whole page then.
 */
#include "heap/comb.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/purge.h"
#include "heap/central.h"
#include "os/os.h"

#define LONG_BLOCK_BYTES 1024u

/* Index of the first block from `i` on whose bit is `want`, or the number of blocks ever handed out. */
static unsigned next_block(const struct ac_span *span, unsigned i, bool want)
{
    while (i < span->fresh) {
        uint64_t word = span->free_bits[i / 64];
        uint64_t bits = (want ? word : ~word) >> (i % 64);
        if (bits != 0) {
            i += (unsigned)__builtin_ctzll(bits);
            break;
        }
        i = (i / 64 + 1) * 64;
    }
    return i < span->fresh ? i : span->fresh;
}

static size_t purge_blocks(const struct ac_span *span, unsigned first, unsigned end)
{
    size_t page = ac_os_page_size();
    uintptr_t from = ac_align_up(span->base + (size_t)first * span->size_bytes, page);
    uintptr_t to = ac_align_down(span->base + (size_t)end * span->size_bytes, page);
    return from < to && ac_os_purge((void *)from, to - from) ? to - from : 0;
}

static size_t comb_span(struct ac_span *span)
{
    size_t given = 0;
    unsigned end;
    for (unsigned i = next_block(span, 0, true); i < span->fresh; i = next_block(span, end, true)) {
        end = next_block(span, i, false);
        given += purge_blocks(span, i, end);
    }
    return given;
}

static bool is_due(const struct ac_span *span)
{
    return span->nfree > span->combed + (span->nobj - span->combed) / 4u;
}

size_t ac_comb(struct ac_center *center, uint32_t me)
{
    size_t given = 0;
    if (ac_load_rlx(&center->ready) == 0)
        return 0;
    ac_lock(&center->lock, me);
    unsigned least = ac_sizeclass[center->class].size_bytes >= LONG_BLOCK_BYTES ? 1 : AC_NPARTIAL - 1;
    for (unsigned n = least; n < AC_NPARTIAL; n++) {
        struct ac_list *list = &center->partial[n];
        for (struct ac_list *l = list->next; l != list; l = l->next) {
            struct ac_span *span = AC_CONTAINER(l, struct ac_span, link);
            if (!is_due(span))
                continue;
            size_t bytes = comb_span(span);
            span->combed = span->nfree;
            if (bytes > span->purged_bytes) {
                given += bytes - span->purged_bytes;
                span->purged_bytes = (uint32_t)bytes;
            }
        }
    }
    ac_center_count(center, purged_bytes, given);
    ac_purge_count_combed((ptrdiff_t)given);
    ac_unlock(&center->lock);
    return given;
}

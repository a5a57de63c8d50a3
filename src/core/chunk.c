/* SPDX-License-Identifier: MIT */
#include "core/chunk.h"

#include "base/bits.h"
#include "os/os.h"

bool ac_chunk_is_free(const struct ac_chunk *chunk)
{
    return chunk->free == ac_bit_range(0, chunk->units);
}

uint64_t ac_chunk_aligned_starts(const struct ac_chunk *chunk, unsigned align_units)
{
    uint64_t starts = 0;
    unsigned first = (unsigned)((chunk->base / AC_UNIT_BYTES) % align_units);
    for (unsigned i = first == 0 ? 0 : align_units - first; i < AC_CHUNK_UNITS; i += align_units)
        starts |= (uint64_t)1 << i;
    return starts;
}

/* The free units of a chunk that can be given back: the dirty ones, or, where a page is longer than a
 * unit, all of the pages that are wholly free and not wholly clean. */
static uint64_t dirty_pages(const struct ac_chunk *chunk)
{
    unsigned page_units = (unsigned)(ac_os_page_size() >> AC_UNIT_SHIFT);
    if (page_units <= 1)
        return chunk->free & chunk->dirty;
    uint64_t mask = 0;
    uint64_t starts = ac_chunk_aligned_starts(chunk, page_units) & ac_bit_runs(chunk->free, page_units);
    for (; starts != 0; starts &= starts - 1) {
        uint64_t page = ac_bit_range((unsigned)__builtin_ctzll(starts), page_units);
        if ((page & chunk->dirty) != 0)
            mask |= page;
    }
    return mask;
}

uint64_t ac_chunk_purgeable_units(const struct ac_chunk *chunk, unsigned min_units)
{
    uint64_t starts = ac_bit_runs(dirty_pages(chunk), min_units);
    uint64_t mask = 0;
    for (unsigned i = 0; i < min_units; i++)
        mask |= starts << i;
    return mask;
}

uint64_t ac_chunk_first_units(uint64_t mask, size_t n)
{
    unsigned page_units = (unsigned)(ac_os_page_size() >> AC_UNIT_SHIFT);
    uint64_t kept = 0;
    if (page_units < 1)
        page_units = 1;
    for (size_t got = 0; got < n && mask != 0; got += page_units) {
        uint64_t page = ac_bit_range((unsigned)__builtin_ctzll(mask), page_units);
        kept |= page & mask;
        mask &= ~page;
    }
    return kept;
}

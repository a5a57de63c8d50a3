/* SPDX-License-Identifier: MIT
 *
 * central_blocks.h -- what the tests of heap/central.c share: one center, whoever asks it, and blocks from
 * it.
 */
#ifndef TEST_UNIT_CENTRAL_BLOCKS_H
#define TEST_UNIT_CENTRAL_BLOCKS_H

#include "core/pagemap.h"
#include "heap/central.h"
#include "unit.h"

#define ME 5u
#define SHARD 3u

static inline struct ac_span *span_of(const void *block)
{
    return ac_entry_span(ac_pagemap_get(block));
}

static inline struct ac_center *center_of(size_t size)
{
    struct ac_center *center = ac_center_get(SHARD, ac_class_of_size(size), ME);
    assert_non_null(center);
    return center;
}

/* Exactly n blocks, however many calls that takes. */
static inline void take_n(struct ac_center *center, void **blocks, unsigned n)
{
    for (unsigned got = 0; got < n;) {
        unsigned more = ac_center_take(center, blocks + got, n - got, ME, true);
        assert_in_range(more, 1, n - got);
        got += more;
    }
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * ranges.c -- a list of address ranges with their uses.
 */
#include "ranges.h"

#include <stdlib.h>
#include <string.h>

bool ac_ranges_add(struct ac_ranges *ranges, uint64_t start, uint64_t end, enum ac_range_kind kind)
{
    if (start >= end)
        return true;
    if (!ranges->list || ranges->n == ranges->cap) {
        size_t cap = ranges->cap ? 2 * ranges->cap : 1024;
        struct ac_range *longer = realloc(ranges->list, cap * sizeof(*longer));
        if (!longer)
            return false;
        ranges->list = longer;
        ranges->cap = cap;
    }
    ranges->list[ranges->n++] = (struct ac_range){start, end, kind};
    return true;
}

static int by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct ac_range *)a)->start;
    uint64_t y = ((const struct ac_range *)b)->start;
    return (x > y) - (x < y);
}

void ac_ranges_settle(struct ac_ranges *ranges)
{
    uint64_t end = 0;
    size_t kept = 0;
    if (ranges->n > 0)
        qsort(ranges->list, ranges->n, sizeof(ranges->list[0]), by_start);
    for (size_t i = 0; i < ranges->n; i++) {
        struct ac_range r = ranges->list[i];
        if (r.start < end)
            r.start = end;
        if (r.start >= r.end)
            continue;
        if (kept > 0 && end == r.start && ranges->list[kept - 1].kind == r.kind)
            ranges->list[kept - 1].end = r.end;
        else
            ranges->list[kept++] = r;
        end = r.end;
    }
    ranges->n = kept;
}

void ac_ranges_free(struct ac_ranges *ranges)
{
    free(ranges->list);
    memset(ranges, 0, sizeof(*ranges));
}

/* SPDX-License-Identifier: MIT */
#include "report/sum.h"

static uint64_t at_least_0(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

void ac_sum_class(const struct ac_class_sum *sum, const struct ac_state_class_facts *facts,
                  struct ac_state_class *out_row, uint64_t *inout_stats)
{
    uint64_t size = facts->size_bytes;
    out_row->size_bytes = facts->size_bytes;
    out_row->nspans = (uint32_t)sum->nspans;
    out_row->cached_objects = sum->cached + sum->transfer;
    out_row->live_objects = at_least_0(sum->out, out_row->cached_objects);
    out_row->free_objects = at_least_0(sum->fresh, sum->out);
    inout_stats[AC_STAT_small_live_objects] += out_row->live_objects;
    inout_stats[AC_STAT_small_live_bytes] += out_row->live_objects * size;
    inout_stats[AC_STAT_thread_cache_bytes] += sum->cached * size;
    inout_stats[AC_STAT_transfer_cache_bytes] += sum->transfer * size;
    inout_stats[AC_STAT_span_free_bytes] += out_row->free_objects * size;
    inout_stats[AC_STAT_span_purged_bytes] += sum->purged_bytes;
    inout_stats[AC_STAT_span_fresh_bytes] += at_least_0(sum->nspans * facts->span_bytes, sum->fresh * size);
}

/* The page map has a word for every unit. */
void ac_sum_pages(const struct ac_state_pages *pages, uint32_t unit_bytes, uint64_t *out_stats)
{
    out_stats[AC_STAT_large_live_bytes] = pages->large_live_bytes;
    out_stats[AC_STAT_large_live_objects] = pages->large_live_objects;
    out_stats[AC_STAT_dirty_bytes] = pages->dirty_bytes + pages->kept_bytes;
    out_stats[AC_STAT_mapped_bytes] = pages->mapped_bytes + pages->huge_bytes + pages->kept_bytes;
    out_stats[AC_STAT_purged_bytes] = pages->purged_bytes + pages->evicted_bytes;
    out_stats[AC_STAT_metadata_bytes] = pages->meta_bytes + pages->segment_bytes;
    if (unit_bytes != 0)
        out_stats[AC_STAT_metadata_bytes] += pages->mapped_bytes / unit_bytes * sizeof(uint64_t);
    out_stats[AC_STAT_threads] = pages->nthreads;
}

/* SPDX-License-Identifier: MIT */
#include "report/snapshot.h"

#include "base/atomic.h"
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "core/segment.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/thread.h"
#include "report/sum.h"

#include <string.h>

AC_STATIC_ASSERT(AC_STAT_COUNT <= AC_STATE_MAX_STATS, "the segment has too few places for the statistics");

static void sum_centers(struct ac_class_sum sums[AC_NCLASSES])
{
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        const struct ac_center *centers = ac_center_peek(shard, 0);
        for (unsigned c = 1; centers != NULL && c < AC_NCLASSES; c++) {
            sums[c].out += ac_load_rlx(&centers[c].out);
            sums[c].fresh += ac_load_rlx(&centers[c].fresh);
            sums[c].nspans += ac_load_rlx(&centers[c].nspans);
            sums[c].transfer += ac_load_rlx(&centers[c].ntransfer);
            sums[c].purged_bytes += ac_load_rlx(&centers[c].purged_bytes);
        }
    }
}

static void sum_heaps(struct ac_class_sum sums[AC_NCLASSES], uint64_t *stats)
{
    uint64_t cached[AC_NCLASSES] = {0};
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        ac_flush_count_cached(h, cached);
        stats[AC_STAT_refills] += ac_load_rlx(&h->refills);
        stats[AC_STAT_flushes] += ac_load_rlx(&h->flushes);
        stats[AC_STAT_remote_frees] += ac_load_rlx(&h->remote_frees);
    }
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        sums[c].cached = cached[c];
}

static void class_report(const struct ac_class_sum *sum, unsigned class, struct ac_snapshot *out)
{
    const struct ac_sizeclass *sc = &ac_sizeclass[class];
    struct ac_state_class_facts facts = {.size_bytes = sc->size_bytes,
                                         .span_bytes = sc->span_units * (uint32_t)AC_UNIT_BYTES};
    ac_sum_class(sum, &facts, &out->classes[class], out->stats);
}

static void sum_pages(uint64_t *stats)
{
    struct ac_pageheap_stats ph;
    ac_pageheap_get_stats(&ph);
    struct ac_state_pages pages = {
        .dirty_bytes = ph.dirty_bytes,
        .mapped_bytes = ph.mapped_bytes,
        .purged_bytes = ph.purged_bytes,
        .kept_bytes = ac_mapcache_bytes(),
        .meta_bytes = ac_meta_used_bytes(),
        .segment_bytes = ac_segment_used_bytes(),
        .nthreads = ac_thread_count(),
        .huge_bytes = ac_purge_huge_bytes(),
        .evicted_bytes = ac_purge_evicted_bytes(),
        .large_live_bytes = ac_large_live_bytes(),
        .large_live_objects = ac_large_live_objects(),
    };
    ac_sum_pages(&pages, AC_UNIT_BYTES, stats);
}

void ac_snapshot_take(struct ac_snapshot *out_snapshot)
{
    struct ac_class_sum sums[AC_NCLASSES];
    memset(sums, 0, sizeof sums);
    memset(out_snapshot, 0, sizeof *out_snapshot);
    sum_centers(sums);
    sum_heaps(sums, out_snapshot->stats);
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        class_report(&sums[c], c, out_snapshot);
    sum_pages(out_snapshot->stats);
}

size_t ac_snapshot_live_bytes(const struct ac_snapshot *snapshot)
{
    return snapshot->stats[AC_STAT_small_live_bytes] + snapshot->stats[AC_STAT_large_live_bytes];
}

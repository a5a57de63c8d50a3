/* SPDX-License-Identifier: MIT */
#include "report/snapshot.h"

#include "base/atomic.h"
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/central.h"
#include "heap/heap.h"
#include "heap/large.h"
#include "heap/outbox.h"
#include "heap/thread.h"

#include <string.h>

AC_STATIC_ASSERT(AC_STAT_COUNT <= AC_STATE_MAX_STATS, "the segment has too few places for the statistics");
AC_STATIC_ASSERT(AC_NCLASSES <= AC_STATE_MAX_CLASSES, "the segment has too few places for the classes");

const char *const ac_stat_name[AC_STAT_COUNT] = {
#define AC_STAT(name, kind, unit, help) #name,
#include "core/stat.def"
#undef AC_STAT
};

struct class_sum {
    uint64_t out;
    uint64_t fresh;
    uint64_t nspans;
    uint64_t transfer;
    uint64_t purged_bytes;
    uint64_t cached;
};

static void sum_centers(struct class_sum sums[AC_NCLASSES])
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

static void sum_heaps(struct class_sum sums[AC_NCLASSES], uint64_t *stats)
{
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        const struct ac_outbox *outbox = ac_load_acq(&h->outbox);
        for (unsigned c = 1; c < AC_NCLASSES; c++)
            sums[c].cached += ac_magazine_count(h, c);
        for (unsigned i = 0; outbox != NULL && i < AC_OUTBOX_SLOTS; i++)
            sums[(outbox->slots[i].tag & 0xff) / AC_BIN_WORDS].cached += ac_outbox_count(&outbox->slots[i]);
        stats[AC_STAT_refills] += ac_load_rlx(&h->refills);
        stats[AC_STAT_flushes] += ac_load_rlx(&h->flushes);
        stats[AC_STAT_remote_frees] += ac_load_rlx(&h->remote_frees);
    }
}

static uint64_t at_least_0(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void class_report(const struct class_sum *sum, unsigned class, struct ac_state_class *row,
                         uint64_t *stats)
{
    const struct ac_sizeclass *sc = &ac_sizeclass[class];
    row->size_bytes = sc->size_bytes;
    row->nspans = (uint32_t)sum->nspans;
    row->cached_objects = sum->cached + sum->transfer;
    row->live_objects = at_least_0(sum->out, row->cached_objects);
    row->free_objects = at_least_0(sum->fresh, sum->out);
    stats[AC_STAT_small_live_objects] += row->live_objects;
    stats[AC_STAT_small_live_bytes] += row->live_objects * sc->size_bytes;
    stats[AC_STAT_thread_cache_bytes] += sum->cached * sc->size_bytes;
    stats[AC_STAT_transfer_cache_bytes] += sum->transfer * sc->size_bytes;
    stats[AC_STAT_span_free_bytes] += row->free_objects * sc->size_bytes;
    stats[AC_STAT_span_purged_bytes] += sum->purged_bytes;
    stats[AC_STAT_span_fresh_bytes] +=
        sum->nspans * sc->span_units * AC_UNIT_BYTES - sum->fresh * sc->size_bytes;
}

static void page_stats(uint64_t *stats)
{
    struct ac_pageheap_stats ph;
    ac_pageheap_get_stats(&ph);
    stats[AC_STAT_large_live_bytes] = ac_large_live_bytes();
    stats[AC_STAT_large_live_objects] = ac_large_live_objects();
    stats[AC_STAT_dirty_bytes] = ph.dirty_bytes + ac_mapcache_bytes();
    stats[AC_STAT_mapped_bytes] = ph.mapped_bytes + ac_purge_huge_bytes() + ac_mapcache_bytes();
    stats[AC_STAT_purged_bytes] = ph.purged_bytes + ac_purge_evicted_bytes();
    stats[AC_STAT_metadata_bytes] = ac_meta_used_bytes() + ph.mapped_bytes / AC_UNIT_BYTES * sizeof(uint64_t);
    stats[AC_STAT_threads] = ac_thread_count();
}

void ac_snapshot_take(struct ac_snapshot *out_snapshot)
{
    struct class_sum sums[AC_NCLASSES];
    memset(sums, 0, sizeof sums);
    memset(out_snapshot, 0, sizeof *out_snapshot);
    sum_centers(sums);
    sum_heaps(sums, out_snapshot->stats);
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        class_report(&sums[c], c, &out_snapshot->classes[c], out_snapshot->stats);
    page_stats(out_snapshot->stats);
}

size_t ac_snapshot_live_bytes(const struct ac_snapshot *snapshot)
{
    return snapshot->stats[AC_STAT_small_live_bytes] + snapshot->stats[AC_STAT_large_live_bytes];
}

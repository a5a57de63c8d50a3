/* SPDX-License-Identifier: MIT */
#include "heap/trim.h"

#include "core/purge.h"
#include "heap/central.h"
#include "heap/comb.h"
#include "heap/flush.h"
#include "heap/large.h"
#include "heap/perturb.h"
#include "heap/thread.h"
#include "os/os.h"

static bool wants_steal(struct ac_heap *heap, bool idle_only)
{
    uint64_t slow = ac_load_rlx(&heap->refills) + ac_load_rlx(&heap->flushes);
    bool idle = slow == heap->slow_at_last_look;
    heap->slow_at_last_look = slow;
    return ac_load_rlx(&heap->state) == AC_HEAP_LIVE && (idle || !idle_only) &&
           ac_flush_cached_bytes(heap) != 0;
}

static void shut_all(uint32_t me, bool idle_only, bool *out_any)
{
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        if (!wants_steal(h, idle_only))
            continue;
        ac_lock(&h->lock, me);
        h->being_stolen = 1;
        ac_flush_shut(h);
        ac_unlock(&h->lock);
        *out_any = true;
    }
}

/* Bins that their owner has reopened meanwhile are in use, and are left to it. */
static void steal_shut(uint32_t me, bool reached)
{
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        if (h->being_stolen == 0)
            continue;
        h->being_stolen = 0;
        if (!reached)
            continue;
        ac_lock(&h->lock, me);
        ac_flush_steal(h, me);
        ac_unlock(&h->lock);
    }
}

void ac_trim_centers(uint32_t me)
{
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        if (ac_center_peek(shard, 1) == NULL)
            continue;
        for (unsigned c = 1; c < AC_NCLASSES; c++)
            ac_center_drain(ac_center_peek(shard, c), me);
    }
}

/* With idle_only the others are spared: they would fault the pages in again. */
size_t ac_trim_spans(uint32_t me, bool idle_only)
{
    size_t given = 0;
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        struct ac_center *centers = ac_center_peek(shard, 0);
        for (unsigned c = 1; centers != NULL && c < AC_NCLASSES; c++) {
            bool touched = ac_load_rlx(&centers[c].touched) != 0;
            ac_store_rlx(&centers[c].touched, (uint8_t)0);
            if (!touched || !idle_only)
                given += ac_comb(&centers[c], me);
        }
    }
    return given;
}

bool ac_trim_caches(uint32_t me, bool idle_only)
{
    bool any = false;
    ac_flush_lock(me);
    shut_all(me, idle_only, &any);
    bool reached = !any || ac_os_barrier_all();
    steal_shut(me, reached);
    ac_flush_unlock();
    ac_trim_centers(me);
    return reached;
}

size_t ac_trim_all(size_t keep_bytes, uint32_t me)
{
    ac_trim_caches(me, false);
    ac_large_drain(me);
    size_t given = ac_trim_spans(me, false);
    return given + ac_purge_all(keep_bytes, me);
}

size_t ac_trim(size_t keep_bytes)
{
    struct ac_heap *heap = ac_thread_heap();
    uint32_t me = heap != NULL ? heap->id : ac_thread_id_without_heap();
    if (!ac_thread_mark(heap))
        return 0;
    size_t given = ac_trim_all(keep_bytes, me);
    ac_thread_unmark(heap);
    return given;
}

void ac_trim_perturb(uint8_t byte)
{
    ac_store_rlx(&ac_perturb_byte, byte);
    ac_trim((size_t)-1); /* shuts every bin; with a byte set they stay shut */
}

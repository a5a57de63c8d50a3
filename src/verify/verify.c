/* SPDX-License-Identifier: MIT */
#include "verify/verify.h"

#include "base/atomic.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/purge.h"
#include "heap/central.h"
#include "heap/hold.h"
#include "heap/large.h"
#include "heap/thread.h"
#include "os/os.h"

#include <string.h>

/* ---- who is moving ---- */

/* What differs between two looks when anybody has come by in between. */
struct calm {
    uint64_t slow_paths;
    size_t used_units;
    size_t large_objects;
    size_t large_bytes;
    size_t huge_bytes;
};

static size_t used_units(uint32_t me)
{
    size_t units = ac_pageheap_hold(me)->used_units;
    ac_pageheap_let_go();
    return units;
}

/* False when another thread is in a slow path. After the barrier every mark that was set is seen, and whoever
 * sets one later has changed nothing yet. */
static bool look(struct calm *out_calm, const struct ac_verify *verify)
{
    bool has_heap = verify->me >= AC_ID_FIRST_HEAP && verify->me < AC_ID_WITHOUT_HEAP;
    bool others = ac_thread_count() > 1 || !has_heap;
    memset(out_calm, 0, sizeof *out_calm);
    if (others && !ac_os_barrier_all())
        return false;
    bool calm = ac_thread_count_without_heap() == (verify->me >= AC_ID_WITHOUT_HEAP ? 1 : 0);
    for (const struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        out_calm->slow_paths += ac_load_rlx(&h->slow_paths);
        calm = calm && (h->id == verify->me || ac_load_rlx(&h->in_slow) == 0);
    }
    out_calm->used_units = used_units(verify->me);
    out_calm->large_objects = ac_large_live_objects();
    out_calm->large_bytes = ac_large_live_bytes();
    out_calm->huge_bytes = ac_purge_huge_bytes();
    return calm;
}

/* The helper empties centers and is in no slow path; so the spans are counted once more. */
static size_t small_units_now(uint32_t me)
{
    size_t units = 0;
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        struct ac_center *centers = ac_center_peek(shard, 0);
        for (unsigned c = 1; centers != NULL && c < AC_NCLASSES; c++) {
            if (ac_load_rlx(&centers[c].ready) == 0)
                continue;
            ac_lock(&centers[c].lock, me);
            units += centers[c].nspans * ac_sizeclass[c].span_units;
            ac_unlock(&centers[c].lock);
        }
    }
    return units;
}

/* ---- the parts that need no lock, or one ---- */

static void verify_options(struct ac_verify *verify)
{
    for (int i = 0; i < AC_OPTION_COUNT; i++) {
        size_t value = ac_load_rlx(&ac_option_value[i]);
        if (!ac_option_accepts(i, value))
            ac_verify_breach(verify, "OP1", ac_option_row[i].name, &ac_option_value[i], value,
                             ac_option_row[i].dflt);
    }
}

/* A registry torn by a fork has lost its pool; what is in it is pooled all the same. */
static void verify_registry(struct ac_verify *verify)
{
    size_t nheaps = 0;
    size_t nlive = 0;
    size_t npooled = 0;
    uint16_t loads[AC_MAX_SHARDS + 1] = {0};
    for (const struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all) {
        bool live = h->state == AC_HEAP_LIVE;
        nheaps++;
        nlive += live;
        if (live)
            loads[h->shard <= AC_MAX_SHARDS ? h->shard : 0]++;
        if (h->state > AC_HEAP_POOLED || (h->state == 0 && ac_thread_fork_generation() == 0))
            ac_verify_breach(verify, "TH1", "a heap is neither live nor pooled", h, h->state, AC_HEAP_POOLED);
    }
    for (const struct ac_heap *h = ac_thread_pooled_heaps(); h != NULL && npooled <= nheaps;
         h = h->next_pooled, npooled++)
        AC_VERIFY_EQ(verify, "TH1", "a heap in the pool is not pooled", h, h->state, AC_HEAP_POOLED);
    AC_VERIFY_LE(verify, "TH1", "the pool has more heaps than there are", NULL, npooled, nheaps - nlive);
    AC_VERIFY_EQ(verify, "TH1", "live heaps, counted", NULL, nlive, ac_thread_count());
    for (unsigned s = 1; s <= AC_MAX_SHARDS; s++)
        AC_VERIFY_EQ(verify, "TH1", "heaps of a shard, counted", NULL, loads[s], ac_thread_shard_load(s));
}

/* ---- heaps and shards ---- */

static void verify_heap(void *verify, const struct ac_heap *heap)
{
    ac_verify_heap(verify, heap);
}

static void verify_shards(struct ac_verify *verify)
{
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        struct ac_center *centers = ac_center_peek(shard, 0);
        if (centers == NULL)
            continue;
        for (unsigned c = 1; c < AC_NCLASSES; c++)
            ac_lock(&centers[c].lock, verify->me);
        ac_verify_shard(verify, shard);
        ac_verify_cached(verify, shard);
        for (unsigned c = 1; c < AC_NCLASSES; c++)
            ac_unlock(&centers[c].lock);
    }
}

/* ---- the whole ---- */

/* Breaches of what is under no lock count only when nothing moved. */
static void verify_sums(struct ac_verify *verify, const struct calm *before)
{
    struct calm after;
    struct ac_verify loose = {.me = verify->me};
    size_t run_units = ac_verify_large(&loose);
    bool calm = small_units_now(verify->me) == verify->small_units;
    if (!look(&after, verify) || !calm || memcmp(before, &after, sizeof after) != 0)
        return;
    size_t known = verify->small_units + run_units;
    verify->summed = true;
    if (ac_thread_fork_generation() != 0) /* what a torn fork cost is in the page heap's count alone */
        AC_VERIFY_LE(&loose, "PH1", "units of spans against units in runs", NULL, known, after.used_units);
    else
        AC_VERIFY_EQ(&loose, "PH1", "units in runs that no span has", NULL, after.used_units, known);
    for (size_t i = 0; i < loose.nbreaches; i++) {
        const struct ac_breach *b = &loose.breaches[i < AC_VERIFY_KEPT ? i : AC_VERIFY_KEPT - 1];
        ac_verify_breach(verify, b->invariant, b->what, b->address, b->found, b->expected);
    }
}

size_t ac_verify_all(struct ac_verify *verify)
{
    struct calm before;
    ac_thread_hold(verify->me);
    bool calm = look(&before, verify);
    verify->reached = ac_hold_all(verify_heap, verify, verify->me);
    verify_options(verify);
    verify_registry(verify);
    verify_shards(verify);
    ac_verify_stores(verify);
    if (calm)
        verify_sums(verify, &before);
    ac_hold_let_go();
    ac_thread_let_go();
    return verify->nbreaches;
}

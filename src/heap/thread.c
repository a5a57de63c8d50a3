/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Birth. A thread's first operation finds ac_heap_none, whose bins are all shut, and comes here: a pooled
 * heap or a new one, the shard with the fewest heaps, and a pthread key whose destructor will tell us of
 * the thread's end. pthread_setspecific may itself allocate; by then the heap is in place.
 *
 * Death. The key's destructor empties the heap and pools it. Whatever the thread does after that, in
 * destructors that run later and in libc, finds ac_heap_gone and goes block by block to the shards,
 * leaving nothing behind. Putting the end off to the last round of destructors, as others do, loses the
 * heap of a thread whose first allocation comes in a late round. A thread that only frees gets a heap at
 * its FREES_BEFORE_BIRTH-th free, so that libc's own frees at the end of a thread that never allocated
 * make none.
 *
 * Fork. One page reads as zeros in a forked child, however the fork was made. Every slow path looks at it
 * before it takes a lock, and the first to see zero repairs the child: stores whose lock was held by a
 * thread that is gone are abandoned (each module's recover), the heaps of those threads are emptied, bin
 * by bin unless the bin was in mid-operation, and pooled. Locks of the forking thread itself stay: it may
 * have forked in a signal handler inside a slow path, which will go on. vfork and clone with shared memory
 * see no zero, rightly.
 */
#include "heap/thread.h"

#include "core/addresses.h"
#include "core/harden.h"
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "heap/central.h"
#include "heap/fenced.h"
#include "heap/flush.h"
#include "heap/front.h"
#include "heap/hooks.h"
#include "heap/large.h"
#include "heap/magazine.h"
#include "heap/nested.h"
#include "heap/show.h"
#include "os/os.h"
#include "watch/guard.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

AC_STATIC_ASSERT(sizeof(struct ac_heap) <= AC_META_MAX_LINES * AC_CACHE_LINE,
                 "a heap is one metadata record");

#define FREES_BEFORE_BIRTH 8u
/* A thread without a heap: how far ac_heap_source leads into ac_heap_shut. */
enum { EARLY_FREES = 15, AT_WORK = 16 };
AC_STATIC_ASSERT(AC_HEAP_SHUT_PLACES > AT_WORK + EARLY_FREES, "every place has bins behind it");

struct ac_hooks ac_hooks;

enum { FORK_CHILD = 0, FORK_PARENT = 1, FORK_REPAIRING = 2 };

static struct {
    struct ac_lock lock;
    struct ac_heap *all;
    struct ac_heap *pooled;
    uint32_t next_id;
    uint32_t nwithout; /* threads at work without a heap */
    uint32_t max_shards;
    uint32_t fork_generation;
    uint32_t *fork_word; /* FORK_*; in a page that a fork wipes */
    pthread_key_t key;
    uint8_t started;
    uint8_t has_key;
    uint16_t shard_load[AC_MAX_SHARDS + 1];
    char state_path[256];
} registry = {.next_id = AC_ID_FIRST_HEAP};

static uint32_t always_parent = FORK_PARENT;

struct ac_heap *ac_thread_all_heaps(void)
{
    return ac_load_acq(&registry.all);
}

size_t ac_thread_count(void)
{
    return ac_load_rlx(&ac_magazine_sharers);
}

uint32_t ac_thread_count_without_heap(void)
{
    return ac_load_rlx(&registry.nwithout);
}

void ac_thread_hold(uint32_t me)
{
    ac_lock(&registry.lock, me);
}

void ac_thread_let_go(void)
{
    ac_unlock(&registry.lock);
}

struct ac_heap *ac_thread_pooled_heaps(void)
{
    return registry.pooled;
}

unsigned ac_thread_shard_load(unsigned shard)
{
    return registry.shard_load[shard];
}

uint32_t ac_thread_fork_generation(void)
{
    return ac_load_rlx(&registry.fork_generation);
}

const char *ac_thread_state_path(void)
{
    return registry.state_path;
}

static void show_thread_count(void)
{
    ac_store_rlx(&ac_segment_pages->nthreads, (uint64_t)ac_thread_count());
}

/* ---- fork ---- */

static void bins_reset(struct ac_heap *heap)
{
    for (unsigned c = 1; heap != NULL && c < AC_NCLASSES; c++) {
        heap->bins[c].base = AC_BIN_SHUT_BASE;
        heap->bins[c].limit = AC_BIN_SHUT_LIMIT;
        heap->bins[c].top = (uint64_t)(uintptr_t)heap->magazines[c].slots;
        heap->magazines[c].emptied = 0;
    }
}

/* The heap of a thread that the child does not have. One that was in a slow path is left alone for good. */
static void orphan_recover(struct ac_heap *heap, uint32_t me)
{
    if (ac_lock_was_torn(&heap->lock, me) || heap->in_slow != 0) {
        ac_store_rlx(&heap->state, (uint8_t)0);
        return;
    }
    ac_flush_shut(heap);
    ac_flush_steal(heap, me);
    bins_reset(heap);
    bins_reset(heap->front);
    heap->outbox = NULL;
    ac_store_rlx(&heap->state, (uint8_t)AC_HEAP_POOLED);
    heap->next_pooled = registry.pooled;
    registry.pooled = heap;
}

/* When a thread that was made in the child comes first, it cannot tell the forking thread's heap from the
 * others': all are left as they are, only their locks are freed. */
static void heaps_recover(uint32_t me)
{
    struct ac_heap *mine = ac_heap_mine();
    bool knows_survivor = ac_heap_is_real(mine);
    ac_magazine_sharers = 0;
    memset(registry.shard_load, 0, sizeof registry.shard_load);
    for (struct ac_heap *h = registry.all; h != NULL; h = h->next_all) {
        if (h->state != AC_HEAP_LIVE)
            continue;
        if (knows_survivor && h != mine) {
            orphan_recover(h, me);
            continue;
        }
        if (ac_lock_was_torn(&h->lock, me))
            ac_flush_forget(h); /* a stealer was at it: what is cached may have been given back already */
        ac_magazine_sharers++;
        registry.shard_load[h->shard]++;
    }
}

static void child_recover(uint32_t me)
{
    registry.fork_generation++;
    ac_harden_fork();
    ac_segment_fork(registry.state_path, registry.fork_generation);
    ac_addresses_recover(me);
    ac_meta_recover(me);
    ac_mapcache_recover(me);
    ac_pageheap_recover(me);
    ac_guard_recover(me);
    ac_fenced_recover();
    ac_central_recover(me);
    ac_flush_recover(me);
    if (ac_lock_was_torn(&registry.lock, me))
        registry.pooled = NULL;
    heaps_recover(me);
    ac_purge_show();
    ac_large_show();
    ac_show_spans();
    for (struct ac_heap *h = registry.all; h != NULL; h = h->next_all) {
        h->random = ac_harden_is_on() ? ac_harden_random() : 0;
        ac_show_owner(h, h == ac_heap_mine());
        ac_show_heap(h);
    }
    show_thread_count();
    ac_front_recover(registry.all, me);
}

void ac_thread_check_fork(uint32_t me)
{
    uint32_t *word = ac_load_acq(&registry.fork_word);
    uint32_t child = FORK_CHILD;
    if (AC_LIKELY(word == NULL || ac_load_acq(word) == FORK_PARENT))
        return;
    if (ac_cas_acq(word, &child, (uint32_t)FORK_REPAIRING)) {
        child_recover(me);
        ac_store_rel(word, FORK_PARENT);
    }
    while (ac_load_acq(word) != FORK_PARENT)
        ac_cpu_relax();
}

bool ac_thread_is_unrepaired_child(void)
{
    const uint32_t *word = ac_load_acq(&registry.fork_word);
    return word != NULL && ac_load_acq(word) != FORK_PARENT;
}

void ac_thread_note_fork(void)
{
    uint32_t *word = ac_load_acq(&registry.fork_word);
    if (word != NULL && ac_load_rlx(word) == FORK_PARENT)
        ac_store_rlx(word, FORK_CHILD);
}

/* ---- birth and death ---- */

/* The program's own defaults: see acre.h. */
extern const char *acre_conf __attribute__((weak));

static uint32_t max_shards(void)
{
    uint32_t wanted = (uint32_t)ac_option_value[AC_OPTION_shards];
    if (wanted != 0)
        return wanted;
    unsigned cpus = ac_os_cpu_count();
    return cpus == 0 || cpus > AC_DEFAULT_SHARDS ? AC_DEFAULT_SHARDS : cpus;
}

static void registry_start_locked(void)
{
    char path[sizeof registry.state_path];
    ac_option_parse(&acre_conf != NULL ? acre_conf : NULL, registry.state_path, sizeof registry.state_path);
    ac_option_parse(ac_os_env("ACRE_CONF"), path, sizeof path);
    if (path[0] != '\0')
        memcpy(registry.state_path, path, sizeof path);
    ac_os_pretend_page_size(ac_option_value[AC_OPTION_page_size]);
    ac_harden_start();
    registry.max_shards = max_shards(); /* now: a filter that comes later may forbid to ask */
    ac_segment_start(registry.state_path, registry.max_shards); /* and this */
    size_t page = ac_os_page_size();
    uint32_t *word = ac_os_map(ac_harden_is_on() ? ac_harden_place(page) : 0, page);
    if (word != NULL)
        ac_addresses_add_own(word, page);
    if (word != NULL)
        ac_pagemap_place_window((uintptr_t)word);
    if (word != NULL && ac_os_wipe_on_fork(word, page))
        *word = FORK_PARENT;
    else
        word = &always_parent;
    ac_store_rel(&registry.fork_word, word);
    registry.started = 1;
    ac_front_start(); /* nothing is allocated yet */
}

static uint8_t least_loaded_shard(void)
{
    unsigned best = 1;
    for (unsigned s = 2; s <= registry.max_shards && registry.shard_load[best] != 0; s++) {
        if (registry.shard_load[s] < registry.shard_load[best])
            best = s;
    }
    return (uint8_t)best;
}

static struct ac_heap *heap_make_locked(void)
{
    struct ac_heap *heap = registry.pooled;
    if (heap != NULL) {
        registry.pooled = heap->next_pooled;
        return heap;
    }
    heap = ac_meta_get(AC_HEAP_LINES, ac_thread_id_without_heap());
    if (heap == NULL)
        return NULL;
    heap->real = heap;
    if (ac_harden_is_on() && !ac_front_make(heap, ac_thread_id_without_heap())) {
        ac_meta_put(heap, AC_HEAP_LINES, ac_thread_id_without_heap());
        return NULL;
    }
    heap->random = ac_harden_is_on() ? ac_harden_random() : 0;
    heap->id = registry.next_id++;
    heap->row = ac_segment_new_thread();
    bins_reset(heap);
    heap->next_all = registry.all;
    ac_store_rel(&registry.all, heap);
    return heap;
}

static void thread_end(void *arg)
{
    struct ac_heap *heap = arg;
    ac_thread_check_fork(heap->id); /* while it can be told which heap survives */
    ac_heap_become(&ac_heap_gone);
    ac_compiler_barrier();
    ac_thread_enter_without_heap();
    ac_thread_flush(heap);
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        heap->magazines[c].checked = 0;
    ac_lock(&registry.lock, ac_thread_id_without_heap());
    registry.shard_load[heap->shard]--;
    ac_store_rlx(&ac_magazine_sharers, ac_magazine_sharers - 1);
    ac_store_rlx(&heap->state, (uint8_t)AC_HEAP_POOLED);
    heap->next_pooled = registry.pooled;
    registry.pooled = heap;
    ac_show_owner(heap, false);
    show_thread_count();
    ac_unlock(&registry.lock);
    ac_thread_leave_without_heap();
}

static struct ac_heap *heap_be_born(void)
{
    ac_lock(&registry.lock, ac_thread_id_without_heap());
    if (registry.started == 0)
        registry_start_locked();
    struct ac_heap *heap = heap_make_locked();
    if (heap != NULL) {
        heap->shard = least_loaded_shard();
        heap->key = (uint64_t)heap->shard << 8;
        ac_store_rlx(&heap->state, (uint8_t)AC_HEAP_LIVE);
        registry.shard_load[heap->shard]++;
        ac_store_rlx(&ac_magazine_sharers, ac_magazine_sharers + 1);
        ac_heap_become(ac_harden_is_on() ? heap->front : heap);
        heap->prof_epoch = 0;
        ac_show_owner(heap, true);
        show_thread_count();
    }
    ac_unlock(&registry.lock);
    return heap;
}

static void watch_thread_end(struct ac_heap *heap)
{
    ac_lock(&registry.lock, ac_thread_id_without_heap());
    if (registry.has_key == 0)
        registry.has_key = pthread_key_create(&registry.key, thread_end) == 0;
    bool has_key = registry.has_key != 0;
    ac_unlock(&registry.lock);
    if (has_key)
        pthread_setspecific(registry.key, heap);
}

bool ac_thread_is_started(void)
{
    return ac_load_acq(&registry.fork_word) != NULL;
}

/* The thread's own thread-local storage tells it from the others: 16 GiB of it would have to lie between
 * two for their ids to meet. */
uint32_t ac_thread_id_without_heap(void)
{
    return AC_ID_WITHOUT_HEAP | ((uint32_t)((uintptr_t)&ac_heap_source >> 4) & (AC_ID_WITHOUT_HEAP - 1));
}

bool ac_thread_enter_without_heap(void)
{
    if ((ac_heap_place() & AT_WORK) != 0)
        return false;
    ac_heap_source += AT_WORK;
    ac_compiler_barrier();
    ac_thread_check_fork(0); /* holds no lock: in a child every lock that is held is torn */
    ac_fetch_add_rlx(&registry.nwithout, 1);
    return true;
}

void ac_thread_leave_without_heap(void)
{
    ac_fetch_add_rlx(&registry.nwithout, (uint32_t)-1);
    ac_compiler_barrier();
    if ((ac_heap_place() & AT_WORK) != 0) /* else it has become a heap's meanwhile */
        ac_heap_source -= AT_WORK;
}

AC_COLD struct ac_heap *ac_thread_heap(void)
{
    struct ac_heap *heap = ac_heap_mine();
    if (ac_heap_is_real(heap))
        return heap;
    if (heap == &ac_heap_gone || !ac_thread_enter_without_heap())
        return NULL;
    heap = heap_be_born();
    if (heap != NULL)
        watch_thread_end(heap);
    if (heap != NULL && ac_heap_mark(heap)) {
        ac_front_follow_if_due(heap);
        ac_heap_unmark_quietly(heap);
    }
    ac_thread_leave_without_heap();
    if (ac_hooks.tick != NULL)
        ac_hooks.tick();
    return heap;
}

struct ac_heap *ac_thread_heap_to_free(void)
{
    struct ac_heap *heap = ac_heap_mine();
    if (AC_LIKELY(ac_heap_is_real(heap)))
        return heap;
    if ((ac_heap_place() & EARLY_FREES) < FREES_BEFORE_BIRTH) {
        ac_heap_source++;
        return NULL;
    }
    return ac_thread_heap();
}

/* ---- slow paths ---- */

bool ac_heap_mark(struct ac_heap *heap)
{
    if (heap->in_slow != 0)
        return false;
    heap->in_slow = 1;
    ac_compiler_barrier();
    ac_thread_check_fork(heap->id);
    return true;
}

/* Slow paths between two ticks; fewer while there is memory to give back: nobody ticks after the last. */
#define TICK_EVERY(due) ((due) ? 8u : 64u)

static AC_COLD void flush_untouched(struct ac_heap *heap)
{
    heap->growth_seen = ac_purge_growth();
    ac_lock(&heap->lock, heap->id);
    ac_flush_untouched(heap);
    ac_unlock(&heap->lock);
}

void ac_heap_unmark_quietly(struct ac_heap *heap)
{
    ac_compiler_barrier();
    heap->in_slow = 0;
}

void ac_heap_unmark(struct ac_heap *heap)
{
    bool due = ac_purge_is_due();
    if (AC_UNLIKELY(due))
        ac_purge_tick(heap->id, ac_option_value[AC_OPTION_helper] != 0);
    if (AC_UNLIKELY(ac_purge_growth() != heap->growth_seen))
        flush_untouched(heap);
    ac_front_follow_if_due(heap);
    ac_heap_unmark_quietly(heap);
    ac_count_add(&heap->slow_paths, 1u);
    if (AC_UNLIKELY(heap->slow_paths % TICK_EVERY(due) == 0 || ac_segment_is_called()) &&
        ac_hooks.tick != NULL)
        ac_hooks.tick();
}

bool ac_heap_enter(struct ac_heap *heap)
{
    if (!ac_heap_mark(heap))
        return false;
    ac_lock(&heap->lock, heap->id);
    ac_nested_drain(heap->id);
    return true;
}

void ac_heap_leave(struct ac_heap *heap)
{
    ac_unlock(&heap->lock);
    ac_heap_unmark(heap);
}

void ac_thread_flush(struct ac_heap *heap)
{
    if (!ac_heap_mark(heap))
        return;
    ac_lock(&heap->lock, heap->id);
    ac_flush_shut(heap);
    ac_compiler_barrier();
    ac_flush_steal(heap, heap->id);
    ac_show_emptied(heap);
    ac_unlock(&heap->lock);
    ac_heap_unmark(heap);
}

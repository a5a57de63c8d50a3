/* SPDX-License-Identifier: MIT
 *
 * scenarios.c -- the engine's concurrent protocols, each with three threads of up to three operations,
 * under the checker of checker.h.
 *
 *   race.model NAME [DEVIATIONS [MAX_RUNS]]      one of them; "no_barrier" is `bins` without the barrier
 *
 * At the end of every run the threads' blocks are freed and the whole heap must be sound (src/verify).
 */
#include "checker.h"
#include "machine.h"

#include "core/option.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "core/span.h"
#include "heap/alloc.h"
#include "heap/central.h"
#include "heap/fenced.h"
#include "heap/flush.h"
#include "heap/helper.h"
#include "heap/nested.h"
#include "heap/outbox.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 1000, WARM = 70, KEPT = 6, MAX_RUNS = 20000000 };

const char *acre_conf;

static struct ac_heap *heaps[RACE_MAX_THREADS];
static void *kept[RACE_MAX_THREADS][KEPT]; /* blocks the program holds from the beginning */
static void *taken[RACE_MAX_THREADS][KEPT];
static bool forked;

static void be(unsigned thread)
{
    ac_heap_become(heaps[thread]);
}

/* A heap whose bin is open for all the scenario does, with blocks of its own in `kept`. */
static void make_heap(unsigned thread)
{
    void *blocks[WARM];
    ac_heap_become(&ac_heap_none);
    for (unsigned i = 0; i < WARM; i++)
        blocks[i] = ac_alloc(SIZE);
    heaps[thread] = ac_heap_self;
    for (unsigned i = 0; i < WARM; i++)
        ac_free(blocks[i]);
    for (unsigned i = 0; i < KEPT; i++)
        kept[thread][i] = ac_alloc(SIZE);
}

static void make_heaps(unsigned n, const char *conf)
{
    acre_conf = conf;
    for (unsigned i = 0; i < n; i++)
        make_heap(i);
    ac_heap_become(&ac_heap_none);
}

static void take(unsigned i)
{
    void **place = &taken[race_self()][i];
    *place = ac_alloc(SIZE);
    RACE_CHECK(*place != NULL);
    *(uint64_t *)*place = (uint64_t)race_self(); /* a race, if another thread has it */
}

static void put(unsigned owner, unsigned i)
{
    void *block = kept[owner][i];
    kept[owner][i] = NULL;
    *(uint64_t *)block = 7;
    ac_free(block);
}

static void must_be_sound(void)
{
    struct ac_verify verify = {.me = ac_heap_is_real(ac_heap_self) ? ac_heap_self->id
                                                                   : ac_thread_id_without_heap()};
    bool marked = ac_heap_is_real(ac_heap_self) ? ac_heap_mark(ac_heap_self) : ac_thread_enter_without_heap();
    RACE_CHECK(marked);
    if (ac_verify_all(&verify) != 0) {
        const struct ac_breach *b = &verify.breaches[0];
        race_fail("%s: %s: %llu, expected %llu", b->invariant, b->what, (unsigned long long)b->found,
                  (unsigned long long)b->expected);
    }
    if (ac_heap_is_real(ac_heap_self))
        ac_heap_unmark(ac_heap_self);
    else
        ac_thread_leave_without_heap();
}

static void free_all(unsigned t)
{
    for (unsigned i = 0; i < KEPT; i++) {
        if (kept[t][i] != NULL)
            ac_free(kept[t][i]);
        if (taken[t][i] != NULL)
            ac_free(taken[t][i]);
    }
}

/* Everything comes back, and none of it twice. */
static void end_all(void)
{
    struct ac_center *center;
    ac_heap_become(&ac_heap_gone); /* block by block, through the spans, which check */
    must_be_sound();
    for (unsigned t = 0; t < RACE_MAX_THREADS; t++)
        free_all(t);
    ac_trim(0);
    must_be_sound();
    for (unsigned shard = 1; shard <= 4; shard++) {
        if ((center = ac_center_peek(shard, ac_class_of_size(SIZE))) != NULL)
            RACE_CHECK(forked || center->out == 0);
    }
}

/* ---- bins and a stealer ---- */

static void bins_setup(void)
{
    make_heaps(2, "shards=1,helper=0");
}

static void bins_owner(void)
{
    be(0);
    put(0, 0);
    take(0);
    put(0, 1);
}

static void bins_stealer(void)
{
    be(1);
    ac_trim_caches(heaps[1]->id, false);
}

static void bins_refiller(void)
{
    ac_heap_become(&ac_heap_gone);
    take(0);
}

/* Short, so that more deviations can be afforded. */
static void push_setup(void)
{
    make_heaps(3, "shards=1,helper=0");
}

static void push_owner(void)
{
    be(0);
    put(0, 0);
}

static void push_other(void)
{
    be(2);
    put(2, 0);
}

/* ---- outboxes and remote batches ---- */

static void outbox_setup(void)
{
    make_heaps(3, "shards=2,helper=0");
    be(0);
    ac_free(kept[1][5]); /* makes the outbox and opens the slot */
    kept[1][5] = NULL;
    ac_heap_become(&ac_heap_none);
}

static void outbox_sender(void)
{
    be(0);
    put(1, 0);
    put(1, 1);
    put(1, 2);
}

static void outbox_stealer(void)
{
    be(2);
    ac_trim_caches(heaps[2]->id, false);
}

static void outbox_home(void)
{
    be(1);
    ac_flush_untouched(heaps[1]); /* so that the next one comes from the center */
    take(0);
}

/* ---- page map, shards ---- */

static struct ac_center *found[3];
static uintptr_t far;
static void *published;

static void publication_setup(void)
{
    make_heaps(1, "shards=1,helper=0");
    far = (ac_window_base + AC_WINDOW_BYTES + ((uintptr_t)1 << 34)) & ~(((uintptr_t)1 << 32) - 1);
}

static void publish_at(unsigned k)
{
    uintptr_t addr = far + k * AC_UNIT_BYTES;
    RACE_CHECK(ac_pagemap_reserve(addr, AC_UNIT_BYTES));
    ac_pagemap_set(addr, 1, ac_entry_make(&heaps, 0, 0));
    RACE_CHECK(ac_pagemap_get((void *)addr) == ac_entry_make(&heaps, 0, 0));
    ac_store_rel(&published, (void *)addr);
    found[k] = ac_center_get(3, 5, AC_ID_WITHOUT_HEAP + k);
}

static void publication_a(void)
{
    publish_at(0);
}

static void publication_b(void)
{
    publish_at(1);
}

static void publication_reader(void)
{
    void *addr = ac_load_acq(&published);
    if (addr != NULL)
        RACE_CHECK(ac_entry_span(ac_pagemap_get(addr)) == &heaps);
    RACE_CHECK(ac_pagemap_get((void *)(far + 9 * AC_UNIT_BYTES)) == 0);
    found[2] = ac_center_peek(3, 5);
    unsigned class = found[2] != NULL ? ac_load_rlx(&found[2]->class) : 0;
    RACE_CHECK(class == 5 || class == 0);
}

static void publication_end(void)
{
    RACE_CHECK(found[0] == found[1] && (found[2] == NULL || found[2] == found[0]));
    for (unsigned k = 0; k < 2; k++)
        RACE_CHECK(ac_pagemap_get((void *)(far + k * AC_UNIT_BYTES)) == ac_entry_make(&heaps, 0, 0));
}

/* ---- purge against allocation ---- */

static void purge_setup(void)
{
    struct ac_run runs[4];
    make_heaps(1, "shards=1,helper=0");
    for (unsigned i = 0; i < 4; i++)
        RACE_CHECK(ac_pageheap_take(2, 1, &runs[i], 9, false));
    for (unsigned i = 0; i < 4; i++)
        ac_pageheap_give(runs[i].chunk, runs[i].base, 2, 2, 9);
}

static void purge_purger(void)
{
    ac_pageheap_purge(0, 10);
}

static void purge_taker(unsigned units)
{
    struct ac_run run;
    uint32_t id = 11 + units;
    bool zero;
    RACE_CHECK(ac_pageheap_take(units, 1, &run, id, false));
    if (run.zero)
        RACE_CHECK(*(uint64_t *)run.base == 0);
    for (unsigned u = 0; u < units; u++)
        *(uint64_t *)(run.base + u * AC_UNIT_BYTES) = units;
    if (ac_pageheap_extend(run.chunk, run.base, units, 1, id, &zero)) {
        *(uint64_t *)(run.base + units * AC_UNIT_BYTES) = units;
        units++;
    }
    RACE_CHECK(*(uint64_t *)run.base == id - 11);
    ac_pageheap_give(run.chunk, run.base, units, units, id);
}

static void purge_taker_of_one(void)
{
    purge_taker(1);
}

static void purge_taker_of_three(void)
{
    purge_taker(3);
}

/* ---- the end of a thread, a birth, and a trim ---- */

static void exit_setup(void)
{
    make_heaps(2, "shards=2,helper=0");
    be(0);
    race_log(&heaps, sizeof heaps);
    ac_heap_become(&ac_heap_none);
}

static void exit_leaver(void)
{
    take(0); /* born here */
    machine_end_thread();
    ac_free(ac_alloc(SIZE)); /* as late destructors do */
}

static void exit_stealer(void)
{
    be(1);
    ac_trim_caches(heaps[1]->id, false);
}

static void exit_newborn(void)
{
    take(0);
}

static void exit_clear(void)
{
    exit_setup();
    for (unsigned t = 0; t < RACE_MAX_THREADS; t += 2)
        for (unsigned i = 0; i < KEPT; i++) {
            be(0);
            if (kept[t][i] != NULL)
                ac_free(kept[t][i]);
            kept[t][i] = NULL;
        }
    ac_heap_become(&ac_heap_none);
}

/* ---- fork at any moment of two others ---- */

static void fork_setup(void)
{
    make_heaps(3, "shards=1,helper=0");
}

static void fork_worker(unsigned t)
{
    be(t);
    ac_flush_untouched(heaps[t]);
    put(t, 0);
    take(0);
}

static void fork_a(void)
{
    fork_worker(0);
}

static void fork_b(void)
{
    be(1);
    ac_trim_caches(heaps[1]->id, false);
}

static void fork_child(void)
{
    be(2);
    machine_fork();
    forked = true;
    put(2, 0);
    ac_free(ac_alloc(50000)); /* a slow path: repairs */
    take(0);
    put(2, 1);
    must_be_sound();
}

static void fork_end(void)
{
    ac_heap_become(heaps[2]);
    must_be_sound();
    free_all(2);
    ac_trim(0);
    must_be_sound();
}

/* ---- the helper ---- */

static void helper_setup(void)
{
    struct ac_run run;
    make_heaps(2, "shards=2,helper=1");
    for (unsigned i = 0; i < 30; i++)
        RACE_CHECK(ac_pageheap_take(64, 1, &run, 9, false));
}

static void helper_poke(void)
{
    ac_helper_poke();
    ac_helper_poke();
}

static void helper_end(void)
{
    RACE_CHECK(machine_nstarted == 1);
}

/* ---- the helper is stopped for good while it is being started ---- */

static void stop_starter(void)
{
    ac_helper_poke();
}

static void stop_stopper(void)
{
    ac_helper_stop(true);
    RACE_CHECK(!machine_has_started()); /* HE3 */
    race_log(&machine_forbids_threads, sizeof machine_forbids_threads);
    machine_forbids_threads = true;
}

static void stop_helper(void)
{
    while (!machine_has_started() && !race_is_last())
        race_yield();
    if (machine_has_started())
        machine_run_started();
}

static void stop_end(void)
{
    RACE_CHECK(machine_nstarted <= 1 && !machine_has_started());
}

/* ---- the quarantine of large blocks ---- */

enum { PLACES = 16, SPAN_UNITS = 3 };
static struct ac_span freed_spans[PLACES + 3];

static void fill_quarantine(unsigned i)
{
    freed_spans[i].kind = AC_SPAN_LARGE;
    freed_spans[i].units = SPAN_UNITS;
    freed_spans[i].bytes = SPAN_UNITS * AC_UNIT_BYTES;
    if (i < PLACES - 1)
        RACE_CHECK(ac_fenced_give(&freed_spans[i]) == NULL);
}

static void quarantine_setup(void)
{
    for (unsigned i = 0; i < PLACES + 3; i++)
        fill_quarantine(i);
}

/* Its memory is given back, and its record is another's. */
static void recycle(struct ac_span *span)
{
    RACE_CHECK(ac_fenced_units() <= (PLACES + 3) * SPAN_UNITS);
    if (span == NULL)
        return;
    RACE_CHECK(span->units == SPAN_UNITS); /* nobody else has got it */
    span->units = 0;
    span->kind = AC_SPAN_SMALL;
}

static void quarantine_giver(unsigned first)
{
    for (unsigned i = first; i < first + 2; i++)
        recycle(ac_fenced_give(&freed_spans[i]));
}

static void quarantine_a(void)
{
    quarantine_giver(PLACES - 1);
}

static void quarantine_b(void)
{
    quarantine_giver(PLACES + 1);
}

static void quarantine_drainer(void)
{
    recycle(ac_fenced_evict());
    recycle(ac_fenced_evict());
}

static void quarantine_end(void)
{
    struct ac_span *span;
    while ((span = ac_fenced_evict()) != NULL)
        recycle(span);
    for (unsigned i = 0; i < PLACES + 3; i++)
        RACE_CHECK(freed_spans[i].units == 0);
    RACE_CHECK(ac_fenced_units() == 0);
}

/* Whatever the others were doing, the child counts what it has. */
static void quarantine_forker(void)
{
    struct ac_span *span;
    recycle(ac_fenced_evict());
    race_fork();
    ac_fenced_recover();
    while ((span = ac_fenced_evict()) != NULL)
        recycle(span);
    RACE_CHECK(ac_fenced_units() == 0);
}

/* ---- the deferred list of handlers ---- */

static void defer(unsigned t, unsigned i)
{
    void *block = kept[t][i];
    kept[t][i] = NULL;
    ac_nested_free(ac_entry_span(ac_pagemap_get(block)), block, heaps[t]->id, false);
}

static void deferred_a(void)
{
    be(0);
    defer(0, 0);
    defer(0, 1);
}

static void deferred_b(void)
{
    be(1);
    defer(1, 0);
}

static void deferred_drainer(void)
{
    ac_heap_become(&ac_heap_gone);
    ac_nested_drain(ac_thread_id_without_heap() + 2);
    ac_nested_drain(ac_thread_id_without_heap() + 2);
}

static void deferred_end(void)
{
    ac_nested_drain(ac_thread_id_without_heap());
    end_all();
}

/* ---- locks ---- */

static struct ac_lock lock;
static uint64_t guarded;

static void lock_setup(void)
{
    make_heaps(1, "helper=0");
}

static void lock_user(void)
{
    for (unsigned i = 0; i < 2; i++) {
        ac_lock(&lock, (uint32_t)race_self() + 1);
        guarded++;
        ac_unlock(&lock);
    }
}

static void lock_end(void)
{
    RACE_CHECK(guarded == 6 && lock.word == 0);
}

static const struct race_scenario scenarios[] = {
    {"bins", bins_setup, {bins_owner, bins_stealer, bins_refiller}, end_all, 2},
    {"push", push_setup, {push_owner, bins_stealer, push_other}, end_all, 2},
    {"outbox", outbox_setup, {outbox_sender, outbox_stealer, outbox_home}, end_all, 1},
    {"publication",
     publication_setup,
     {publication_a, publication_b, publication_reader},
     publication_end,
     2},
    {"purge", purge_setup, {purge_purger, purge_taker_of_one, purge_taker_of_three}, end_all, 2},
    {"exit", exit_clear, {exit_leaver, exit_stealer, exit_newborn}, end_all, 1},
    {"fork", fork_setup, {fork_a, fork_b, fork_child}, fork_end, 1},
    {"helper", helper_setup, {helper_poke, helper_poke, helper_poke}, helper_end, 3},
    {"stop", helper_setup, {stop_starter, stop_starter, stop_stopper, stop_helper}, stop_end, 2},
    {"quarantine", quarantine_setup, {quarantine_a, quarantine_b, quarantine_drainer}, quarantine_end, 2},
    {"quarantine_fork", quarantine_setup, {quarantine_a, quarantine_b, quarantine_forker}, NULL, 2},
    {"deferred", bins_setup, {deferred_a, deferred_b, deferred_drainer}, deferred_end, 3},
    {"lock", lock_setup, {lock_user, lock_user, lock_user}, lock_end, 3},
};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    machine_has_no_barrier = strcmp(name, "no_barrier") == 0;
    if (machine_has_no_barrier)
        name = "bins";
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        struct race_scenario scenario = scenarios[i];
        if (strcmp(scenario.name, name) != 0)
            continue;
        if (argc > 2)
            scenario.deviations = (unsigned)atoi(argv[2]);
        return race_check(&scenario, argc > 3 ? strtoull(argv[3], NULL, 10) : MAX_RUNS) ? 0 : 1;
    }
    fprintf(stderr, "race: no such scenario: %s\n", name);
    return 2;
}

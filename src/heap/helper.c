/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Memory is given back by the slow paths, in ticks (purge.h); a program that goes idle takes none. So once
 * a program holds START_BYTES, its slow paths see to it that this thread runs: it ticks in their place,
 * empties the caches of threads that have been idle for a while, and ends when the program has been idle
 * and all is done. While as much is in use as it takes to have a helper it stays, and does nothing but look
 * twice a second whether the command has asked for something: a program that is idle, or allocates from its
 * magazines alone, would not notice, and those of a large heap are the ones asked. It is invisible as far
 * as a thread can be: libc does not know it, all signals are blocked, its stack is 32 KiB, it is not there
 * before a process has something to give back, and a forked child starts without it.
 *
 * It is a thread to the system all the same, and makes calls that a sandbox may end the process for: so it
 * is stopped before the program restricts itself (override/sandbox.c), for good, and not started in a
 * process that was restricted from the start and has no thread of its own yet.
 */
#include "heap/helper.h"

#include "core/addresses.h"
#include "core/mapcache.h"
#include "core/option.h"
#include "core/pageheap.h"
#include "core/purge.h"
#include "core/segment.h"
#include "heap/heap.h"
#include "heap/hooks.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "os/os.h"

#define STACK_BYTES 32768u
#define ROUND_NS 250000000u
#define WATCH_ROUND_NS 500000000u
#define ROUNDS_PER_LOOK 3u
#define STOP_ROUND_NS 1000000u
#define STOP_ROUNDS 2000u
#define IDLE_ROUNDS 8u
#define IDLE_ACTIVITY 64u
#define START_BYTES ((size_t)48 << 20)
#define EXCESS_BYTES ((size_t)6 << 20)
#define ALONE_START_BYTES ((size_t)128 << 20)
#define ALONE_EXCESS_BYTES ((size_t)16 << 20)

static struct {
    uint32_t alive;      /* thread id, 0 when there is none              */
    uint32_t generation; /* of the process that started it              */
    uint32_t starting;
    uint32_t stop;      /* what it sleeps on; nonzero: it ends at once     */
    uint32_t forbidden; /* the process has restricted itself               */
    uint32_t asked;     /* 1 + ac_os_is_restricted(), once it was asked    */
    void *stack;
} helper;

/* Slow paths taken by all threads so far: hardly changes while the program is idle. */
static uint64_t activity(void)
{
    uint64_t sum = 0;
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all)
        sum += ac_load_rlx(&h->slow_paths);
    return sum;
}

/* False when it is to end. */
static bool sleep_for(uint64_t ns)
{
    ac_os_wait(&helper.stop, 0, ns);
    return ac_load_acq(&helper.stop) == 0 && ac_os_has_leaders_credentials();
}

/* What is free does not count: that alone is no reason to stay. */
static bool may_be_asked(void)
{
    size_t least = ac_thread_count() >= 2 ? START_BYTES : ALONE_START_BYTES;
    return ac_segment_state() != NULL && ac_purge_in_use_bytes() > least;
}

/* All is done: wait for the program, or for the command. False when there is no more to wait for. */
static bool watch(uint64_t last_activity)
{
    while (may_be_asked()) {
        if (!sleep_for(WATCH_ROUND_NS))
            return false;
        if (ac_segment_is_called() && ac_hooks.helper_tick != NULL)
            ac_hooks.helper_tick();
        if (ac_purge_is_due() || activity() - last_activity > IDLE_ACTIVITY)
            return true;
    }
    return false;
}

/* The thread. No thread-local storage of its own: nothing here may touch ac_heap_self. */
static void helper_run(void *arg)
{
    unsigned idle_rounds = 0;
    uint64_t last_activity = 0;
    (void)arg;
    for (unsigned round = 1; idle_rounds < IDLE_ROUNDS || watch(last_activity); round++) {
        if (!sleep_for(ROUND_NS))
            return;
        uint64_t now_activity = activity();
        bool due = ac_purge_is_due();
        idle_rounds = due || now_activity - last_activity > IDLE_ACTIVITY ? 0 : idle_rounds + 1;
        last_activity = now_activity;
        if (due)
            ac_purge_tick(AC_ID_HELPER, true);
        if (ac_hooks.helper_tick != NULL)
            ac_hooks.helper_tick();
        if (round % ROUNDS_PER_LOOK == 0) {
            ac_trim_caches(AC_ID_HELPER, true);
            ac_trim_spans(AC_ID_HELPER, true);
        }
    }
}

static bool is_running(void)
{
    return ac_load_acq(&helper.alive) != 0 && ac_load_rlx(&helper.generation) == ac_thread_fork_generation();
}

static void *stack_make(void)
{
    void *stack = ac_os_map(0, STACK_BYTES);
    if (stack != NULL)
        ac_addresses_add_own(stack, STACK_BYTES);
    return stack;
}

/* `starting` holds the generation after this one, so that a start cut short by a fork does not count in
 * the child. */
static AC_COLD void helper_start(void)
{
    uint32_t generation = ac_thread_fork_generation();
    uint32_t other = ac_load_rlx(&helper.starting);
    if (other == generation + 1 || !ac_cas_acq(&helper.starting, &other, generation + 1))
        return;
    ac_fence_full(); /* of the pair in ac_helper_stop: one of both sees the other */
    if (!is_running() && ac_load_rlx(&helper.forbidden) == 0) {
        if (helper.stack == NULL)
            helper.stack = stack_make();
        ac_store_rlx(&helper.alive, 0);
        ac_store_rlx(&helper.generation, generation);
        if (helper.stack != NULL)
            ac_os_start_thread(helper_run, NULL, helper.stack, STACK_BYTES, &helper.alive);
    }
    ac_store_rel(&helper.starting, 0);
}

/* The answer cannot change while the process has one thread: what that thread adds comes by way of
 * ac_helper_stop. */
static bool was_born_restricted(void)
{
    if (helper.asked == 0)
        helper.asked = 1 + ac_os_is_restricted();
    return helper.asked == 2;
}

/* A process with threads of its own gets the helper once its heap is large. One without only when much
 * waits: a thread it did not make may be in its way (a namespace to be left), most such processes never
 * have that much to give back, and where one was started inside a sandbox, nothing tells that it may make
 * threads at all. */
static bool is_wanted(void)
{
    struct ac_pageheap_stats stats;
    ac_pageheap_get_stats(&stats);
    size_t footprint = stats.used_bytes + stats.dirty_bytes + ac_mapcache_bytes();
    if (ac_thread_count() >= 2)
        return footprint > START_BYTES || ac_purge_excess_bytes() > EXCESS_BYTES;
    return (footprint > ALONE_START_BYTES || ac_purge_excess_bytes() > ALONE_EXCESS_BYTES) &&
           !was_born_restricted();
}

void ac_helper_poke(void)
{
    if (ac_option_value[AC_OPTION_helper] != 0 && ac_load_rlx(&helper.forbidden) == 0 && !is_running() &&
        is_wanted())
        helper_start();
}

static bool is_starting(void)
{
    return ac_load_acq(&helper.starting) == ac_thread_fork_generation() + 1;
}

/* `stop` is set before `starting` is looked at, and a helper looks at it before all else, so one that is
 * just being started ends as well. Bounded: a signal handler may have come in the middle of a start. */
bool ac_helper_stop(bool for_good)
{
    bool found = false;
    if (for_good)
        ac_store_rel(&helper.forbidden, 1);
    for (unsigned round = 0; round < STOP_ROUNDS; round++) {
        ac_store_rel(&helper.stop, 1);
        ac_fence_full();
        if (!is_starting() && !is_running())
            break;
        found = true;
        ac_os_wake(&helper.stop, 1);
        ac_os_wait(&helper.alive, ac_load_acq(&helper.alive), STOP_ROUND_NS);
    }
    ac_store_rel(&helper.stop, 0);
    return found;
}

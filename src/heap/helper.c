/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Memory is given back by the slow paths, in ticks (purge.h); a program that goes idle takes none. So whoever leaves more free memory than the bound starts
 * this thread, which ticks in his place, empties the caches of threads that have been idle for a while, and ends when all is done. It is
 * invisible as far as a thread can be: libc does not know it, all signals are blocked, its stack is 32 KiB, it is not there before a process has
 * something to give back, and a forked child starts without it.
 */
#include "heap/helper.h"

#include "core/option.h"
#include "core/purge.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/heap.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "os/os.h"

#define STACK_BYTES 32768u
#define ROUND_NS 250000000u
#define ROUNDS_PER_LOOK 4u
#define IDLE_ROUNDS 14u
#define POKE_EVERY_NS 200000000u
#define IDLE_MIN_BYTES ((size_t)16 << 20)

static struct {
    uint32_t alive;      /* thread id, 0 when there is none              */
    uint32_t generation; /* of the process that started it              */
    uint32_t starting;
    uint64_t last_poke_ns;
    void *stack;
} helper;

/* Bytes of blocks that are free in spans still in use. */
static size_t span_free_bytes(void)
{
    size_t bytes = 0;
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        const struct ac_center *centers = ac_center_peek(shard, 0);
        for (unsigned c = 1; centers != NULL && c < AC_NCLASSES; c++) {
            uint64_t fresh = ac_load_rlx(&centers[c].fresh);
            uint64_t out = ac_load_rlx(&centers[c].out);
            bytes += fresh > out ? (fresh - out) * ac_sizeclass[c].size_bytes : 0;
        }
    }
    return bytes;
}

/* Bytes of blocks that threads hold without using them. */
static size_t cached_bytes(void)
{
    size_t bytes = 0;
    for (struct ac_heap *h = ac_thread_all_heaps(); h != NULL; h = h->next_all)
        bytes += ac_flush_cached_bytes(h);
    return bytes;
}

/* The thread. No thread-local storage of its own: nothing here may touch ac_heap_self. */
static void helper_run(void *arg)
{
    static uint32_t never;
    unsigned idle_rounds = 0;
    (void)arg;
    for (unsigned round = 1; idle_rounds < IDLE_ROUNDS; round++) {
        ac_os_wait(&never, 0, ROUND_NS);
        if (ac_purge_is_due()) {
            ac_purge_tick(AC_ID_HELPER);
            idle_rounds = 0;
        }
        idle_rounds++;
        if (round % ROUNDS_PER_LOOK == 0)
            ac_trim_caches(AC_ID_HELPER, true);
    }
}

static bool is_running(void)
{
    return ac_load_acq(&helper.alive) != 0 && helper.generation == ac_thread_fork_generation();
}

static AC_COLD void helper_start(void)
{
    uint32_t nobody = 0;
    if (!ac_cas_acq(&helper.starting, &nobody, 1))
        return;
    if (!is_running()) {
        if (helper.stack == NULL)
            helper.stack = ac_os_map(0, STACK_BYTES);
        helper.alive = 0;
        helper.generation = ac_thread_fork_generation();
        if (helper.stack != NULL)
            ac_os_start_thread(helper_run, NULL, helper.stack, STACK_BYTES, &helper.alive);
    }
    ac_store_rel(&helper.starting, 0);
}

void ac_helper_poke(void)
{
    if (ac_option_value[AC_OPTION_helper] == 0 || is_running())
        return;
    bool wanted = ac_purge_is_due();
    uint64_t now = ac_os_now_ns();
    if (!wanted && now - ac_load_rlx(&helper.last_poke_ns) > POKE_EVERY_NS) {
        ac_store_rlx(&helper.last_poke_ns, now);
        wanted = span_free_bytes() + cached_bytes() > IDLE_MIN_BYTES;
    }
    if (wanted)
        helper_start();
}

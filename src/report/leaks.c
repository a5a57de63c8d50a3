/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * The whole heap is held for as long as it takes to copy the process (the system copies page tables, not
 * pages), then everybody goes on; but for the thread that exits, which waits for the copy to end. There
 * nothing moves. Of the roots every word is held against the live blocks, and of each block that one leads
 * to, every word again. What is left over is lost.
 *
 * The answer is written into the segment by the copy itself: that is mapped shared. From there too the copy
 * reads the samples' rows and where acre's memory lies, while threads of the process may be changing them.
 * A block that is lost is freed by nobody, so its row stands still.
 *
 * A word on a stack or in a block that is free for use may be left from before and lead to a block that is
 * lost: then it is not found. What is found can be wrong only where the pointer is kept in no memory of the
 * process (a register of another thread, a file), or not as an address.
 */
#include "report/leaks.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/segment.h"
#include "heap/thread.h"
#include "os/os.h"
#include "os/snapshot.h"
#include "report/leaks_blocks.h"
#include "report/leaks_roots.h"
#include "watch/prof.h"

#define MAX_SECONDS 60u

struct look {
    struct ac_state_leaks *out;
    struct ac_os_frame frame; /* of the program's last function */
};

/* ---- in the copy ---- */

static void count(struct ac_state_leak_sum *sum, uint64_t objects, uint64_t bytes)
{
    sum->objects += objects;
    sum->bytes += bytes;
}

static void count_lost(struct ac_state_leaks *out, const struct ac_leaks_blocks *blocks)
{
    for (size_t s = 0; s < blocks->nspans; s++) {
        const struct ac_leaks_span *span = &blocks->spans[s];
        uint64_t bytes = span->walk->block_bytes;
        for (uint32_t i = 0; i * 64 < span->walk->nblocks; i++) {
            uint64_t direct = (uint64_t)__builtin_popcountll(span->lost[i] & ~span->indirect[i]);
            uint64_t indirect = (uint64_t)__builtin_popcountll(span->lost[i] & span->indirect[i]);
            count(&out->direct, direct, direct * bytes);
            count(&out->indirect, indirect, indirect * bytes);
        }
    }
}

static void add_sample(struct ac_state_leak *row, const struct ac_state_sample *s, bool indirect)
{
    struct ac_state_leak_sum *sum = indirect ? &row->indirect : &row->direct;
    count(sum, 1, s->usable_bytes);
    sum->requested_bytes += s->requested_bytes;
    sum->weight_objects += s->weight_objects;
    sum->weight_bytes += s->requested_bytes * s->weight_objects / AC_STATE_WEIGHT_ONE;
}

/* row_of: 1 + the row of each site. */
static void add_samples(struct ac_state_leaks *out, struct ac_leaks_blocks *blocks, uint32_t *row_of)
{
    size_t n;
    const struct ac_state_sample *samples = ac_prof_samples(&n);
    struct ac_leaks_block at;
    for (size_t i = 0; i < n; i++) {
        const struct ac_state_sample *s = &samples[i];
        uintptr_t address = ac_load_acq(&s->address);
        if (address == 0 || !ac_leaks_find(blocks, address, &at) || !ac_leaks_bit(at.span->lost, at.index) ||
            s->site >= AC_STATE_MAX_SITES)
            continue;
        if (row_of[s->site] == 0 && out->nrows < AC_STATE_MAX_LEAKS) {
            row_of[s->site] = ++out->nrows;
            out->rows[out->nrows - 1].site = s->site;
        }
        if (row_of[s->site] != 0)
            add_sample(&out->rows[row_of[s->site] - 1], s, ac_leaks_bit(at.span->indirect, at.index));
        else
            out->dropped_rows++;
    }
}

static void see_root(void *blocks, const uintptr_t *words, size_t n)
{
    ac_leaks_reach(blocks, words, n);
}

static enum ac_state_leaks_outcome look(struct look *look)
{
    static struct ac_leaks_roots roots;
    static struct ac_leaks_blocks blocks;
    struct ac_state_leaks *out = look->out;
    struct ac_walk_part *first;
    uintptr_t word;
    size_t row_bytes = ac_align_up(AC_STATE_MAX_SITES * sizeof(uint32_t), ac_os_page_size());
    int pagemap = ac_os_open("/proc/self/pagemap");
    if (!ac_os_copy(&word, look->frame.sp, sizeof word) || !ac_leaks_roots_make(&roots) || roots.overflow)
        return AC_STATE_LEAKS_UNREADABLE;
    uint32_t *row_of = ac_os_map(0, row_bytes);
    char *window = ac_os_map(0, (size_t)256 << 10);
    if (row_of == NULL || window == NULL || !ac_walk_take_held(&first) ||
        !ac_leaks_blocks_make(&blocks, first, pagemap))
        return AC_STATE_LEAKS_NO_MEMORY;
    out->live_objects = blocks.nlive;
    out->live_bytes = blocks.live_bytes;
    ac_leaks_reach(&blocks, look->frame.registers, sizeof look->frame.registers / sizeof(uintptr_t));
    out->root_bytes =
        ac_leaks_roots_read(&roots, pagemap, look->frame.sp, window, (size_t)256 << 10, see_root, &blocks);
    ac_leaks_judge(&blocks);
    count_lost(out, &blocks);
    add_samples(out, &blocks, row_of);
    return AC_STATE_LEAKS_DONE;
}

static void look_in_copy(void *arg)
{
    struct look *l = arg;
    ac_store_rel(&l->out->outcome, (uint32_t)look(l));
}

/* ---- in the process ---- */

/* Returns what stands in the way, or _BEGUN. */
static enum ac_state_leaks_outcome copy_process(struct look *l, uint32_t *out_pid, uint32_t me)
{
    if (!ac_segment_may_open_files() || ac_os_is_restricted())
        return AC_STATE_LEAKS_FORBIDDEN;
    uint64_t start = ac_os_exact_ns();
    ac_walk_hold(me);
    ac_prof_hold(me);
    *out_pid = ac_os_snapshot(look_in_copy, l, MAX_SECONDS);
    ac_prof_let_go();
    ac_walk_let_go();
    l->out->stopped_ns = ac_os_exact_ns() - start;
    return *out_pid != 0 ? AC_STATE_LEAKS_BEGUN : AC_STATE_LEAKS_NO_COPY;
}

/* Registers that the callers count on are saved on the stack, above `here`. */
AC_NOINLINE void ac_leaks_at_exit(uint32_t me, bool ok)
{
    uintptr_t here = 0;
    uint32_t pid;
    struct ac_state *state = ac_segment_state();
    __builtin_unwind_init();
    if (state == NULL || ac_thread_is_unrepaired_child() || ac_load_rlx(&state->control.leaks_at_exit) == 0)
        return;
    struct look l = {.out = ac_segment_rows(AC_STATE_LEAKS)};
    ac_os_find_exit(&l.frame);
    if (l.frame.sp == 0)
        l.frame.sp = (uintptr_t)&here & ~(uintptr_t)15;
    uint64_t start = ac_os_exact_ns();
    ac_store_rlx(&l.out->outcome, (uint32_t)AC_STATE_LEAKS_BEGUN);
    l.out->other_threads = (uint32_t)ac_thread_count() - 1;
    enum ac_state_leaks_outcome outcome = ok ? copy_process(&l, &pid, me) : AC_STATE_LEAKS_BUSY;
    if (outcome == AC_STATE_LEAKS_BEGUN && !ac_os_snapshot_end(pid))
        outcome = AC_STATE_LEAKS_LATE;
    l.out->all_ns = ac_os_exact_ns() - start;
    if (outcome != AC_STATE_LEAKS_BEGUN)
        ac_store_rel(&l.out->outcome, (uint32_t)outcome);
}

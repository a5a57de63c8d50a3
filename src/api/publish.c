/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Slow paths tick, and the helper while there is one. A tick is a look at the clock, and does more when it is
 * time for that: every 10 ms it looks whether the heap has grown beyond its peak, every second it writes a
 * moment into the timeline. A process that takes no slow path writes none, and its heap does not change.
 *
 * With a file (`acre run`, the option `state`) every 10 ms are worth a whole snapshot with the resident
 * memory, which is asked of /proc: who names a file wants that. Without, no system call is made, since a
 * sandbox may forbid it.
 */
#include "api/publish.h"

#include "api/control.h"
#include "base/atomic.h"
#include "base/bits.h"
#include "core/purge.h"
#include "core/segment.h"
#include "heap/large.h"
#include "heap/show.h"
#include "heap/thread.h"
#include "os/os.h"
#include "report/snapshot.h"

#include <acre/acre.h>
#include <string.h>

#define PUBLISH_EVERY_NS 10000000u
#define PEAK_EVERY_NS 50000000u
#define PEAK_LEAST_BYTES ((size_t)4 << 20)
#define SECOND_NS 1000000000u
#define NRINGS 3u

AC_STATIC_ASSERT(AC_STAT_COUNT <= AC_STATE_MOMENT_STATS, "a moment has too few places for the statistics");

static const struct {
    enum ac_state_section_id id;
    uint32_t seconds;
} rings[NRINGS] = {{AC_STATE_SECONDS, 1}, {AC_STATE_TENS, 10}, {AC_STATE_MINUTES, 60}};

static struct {
    uint32_t busy;
    uint32_t ticks;
    uint32_t generation; /* of the process that wrote what follows   */
    uint64_t last_ns;
    uint64_t due_ns[NRINGS];
    uint64_t peak_bytes;
    uint64_t peak_due_ns;
} publish;

/* The peak is by resident memory where that is known; of snapshots within a hundredth of it, the one with
 * more live bytes says more. */
static bool is_peak(const struct ac_snapshot *now, const struct ac_snapshot *peak)
{
    uint64_t rss = now->stats[AC_STAT_rss_bytes];
    uint64_t peak_rss = peak->stats[AC_STAT_rss_bytes];
    if (peak->time_ns == 0 || rss > peak_rss + peak_rss / 100)
        return true;
    return rss >= peak_rss - peak_rss / 100 && ac_snapshot_live_bytes(now) > ac_snapshot_live_bytes(peak);
}

/* Only under `busy`: tiny stacks do not hold it. */
static struct ac_snapshot *take(uint64_t now_ns)
{
    static struct ac_snapshot snapshot;
    ac_snapshot_take(&snapshot);
    snapshot.time_ns = now_ns;
    return &snapshot;
}

/* Readers look while it is written, so word by word. */
static void store_snapshot(struct ac_snapshot *to, const struct ac_snapshot *from)
{
    typedef uint64_t __attribute__((may_alias)) word;
    for (size_t i = 0; i < sizeof *to / sizeof(word); i++)
        ac_store_rlx(&((word *)to)[i], ((const word *)from)[i]);
}

/* ST2. What is NULL stays as it is. */
static void write_snapshots(struct ac_state *s, const struct ac_snapshot *now, const struct ac_snapshot *peak)
{
    ac_store_rel(&s->seq, s->seq + 1);
    ac_fence_rel();
    if (now != NULL)
        store_snapshot(&s->now, now);
    if (peak != NULL)
        store_snapshot(&s->peak, peak);
    ac_store_rel(&s->seq, s->seq + 1);
}

static void publish_snapshot(struct ac_state *s, uint64_t now_ns)
{
    struct ac_snapshot *snapshot = take(now_ns);
    snapshot->stats[AC_STAT_rss_bytes] = ac_os_rss_bytes();
    write_snapshots(s, snapshot, is_peak(snapshot, &s->peak) ? snapshot : NULL);
}

static void publish_peak(struct ac_state *s, uint64_t now_ns)
{
    size_t bytes = ac_purge_footprint_bytes();
    if (now_ns < publish.peak_due_ns || bytes < PEAK_LEAST_BYTES ||
        bytes <= publish.peak_bytes + publish.peak_bytes / 100)
        return;
    publish.peak_bytes = bytes;
    publish.peak_due_ns = now_ns + PEAK_EVERY_NS;
    write_snapshots(s, NULL, take(now_ns));
}

/* ---- timeline ---- */

static void write_moment(struct ac_state *s, unsigned ring, const struct ac_snapshot *snapshot)
{
    size_t n;
    struct ac_state_moment *rows = ac_segment_ring(rings[ring].id, &n);
    uint64_t count = s->moments[ring];
    struct ac_state_moment *m = &rows[count % n];
    ac_store_rlx(&m->time_ns, (uint64_t)0);
    ac_fence_rel();
    for (unsigned i = 0; i < AC_STAT_COUNT; i++)
        ac_store_rlx(&m->stats[i], snapshot->stats[i]);
    ac_store_rel(&m->time_ns, snapshot->time_ns);
    ac_store_rel(&s->moments[ring], count + 1);
}

static void keep_timeline(struct ac_state *s, uint64_t now_ns, uint32_t me)
{
    if (now_ns < publish.due_ns[0])
        return;
    if (publish.due_ns[0] == 0) { /* a program that ends within its first second has none */
        publish.due_ns[0] = now_ns + SECOND_NS;
        return;
    }
    ac_show_all(ac_thread_all_heaps(), me);
    ac_large_show();
    const struct ac_snapshot *snapshot = take(now_ns);
    for (unsigned i = 0; i < NRINGS && now_ns >= publish.due_ns[i]; i++) {
        publish.due_ns[i] = now_ns + (uint64_t)rings[i].seconds * SECOND_NS;
        write_moment(s, i, snapshot);
    }
    ac_segment_show_used_bytes();
}

/* ---- ticks ---- */

/* `busy` holds the generation after this one, so that what a fork cut short does not count in the child. */
static bool enter(void)
{
    uint32_t mine = ac_thread_fork_generation() + 1;
    uint32_t other = ac_load_rlx(&publish.busy);
    if (other == mine || !ac_cas_acq(&publish.busy, &other, mine))
        return false;
    if (publish.generation != mine) {
        publish.generation = mine;
        publish.peak_bytes = 0;
        memset(publish.due_ns, 0, sizeof publish.due_ns);
    }
    return true;
}

static void leave(void)
{
    ac_store_rel(&publish.busy, 0);
}

void ac_publish_start(void)
{
    struct ac_state *s = ac_segment_state();
    ac_segment_set_library(ACRE_VERSION_STRING);
    if (s == NULL || !ac_segment_is_file() || !enter())
        return;
    publish_snapshot(s, ac_os_now_ns());
    leave();
}

static void answer_bell(struct ac_state *s, uint32_t me)
{
    uint32_t bell = ac_load_acq(&s->bell);
    if (!ac_segment_is_called() || !enter())
        return;
    ac_store_rlx(&ac_segment_heard, bell);
    ac_control_obey(s, me);
    leave();
}

void ac_publish_tick(uint32_t me)
{
    struct ac_state *s = ac_segment_state();
    if (s == NULL)
        return;
    uint64_t now = ac_os_now_ns();
    ac_store_rlx(&s->tick_ns, now);
    if (ac_load_rlx(&s->start_ns) == 0)
        ac_store_rlx(&s->start_ns, now);
    answer_bell(s, me);
    /* Early on also at every power of two, for programs that end without running destructors. */
    uint32_t ticks = ac_load_rlx(&publish.ticks) + 1;
    ac_store_rlx(&publish.ticks, ticks);
    bool early = ac_segment_is_file() && ticks <= 1024 && ac_is_pow2(ticks);
    if ((now - ac_load_rlx(&publish.last_ns) < PUBLISH_EVERY_NS && !early) || !enter())
        return;
    ac_store_rlx(&publish.last_ns, now);
    if (ac_segment_is_file())
        publish_snapshot(s, now);
    else
        publish_peak(s, now);
    keep_timeline(s, now, me);
    leave();
}

void ac_publish_exit(void)
{
    struct ac_state *s = ac_segment_state();
    if (s == NULL || ac_thread_is_unrepaired_child())
        return;
    if (ac_segment_is_file() && enter()) {
        publish_snapshot(s, ac_os_now_ns());
        leave();
    }
    ac_store_rlx(&s->exited, 1u);
}

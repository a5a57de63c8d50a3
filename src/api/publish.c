/* SPDX-License-Identifier: MIT */
#include "api/publish.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/segment.h"
#include "heap/thread.h"
#include "os/os.h"
#include "report/snapshot.h"

#include <acre/acre.h>

#define PUBLISH_EVERY_NS 10000000u

static struct {
    uint32_t busy;
    uint64_t last_ns;
    uint32_t ticks;
} publish;

/* The peak is by resident memory; of snapshots within a hundredth of it, the one with more live bytes says
 * more. */
static bool is_peak(const struct ac_snapshot *now, const struct ac_snapshot *peak)
{
    uint64_t rss = now->stats[AC_STAT_rss_bytes];
    uint64_t peak_rss = peak->stats[AC_STAT_rss_bytes];
    if (peak->time_ns == 0 || rss > peak_rss + peak_rss / 100)
        return true;
    return rss >= peak_rss - peak_rss / 100 && ac_snapshot_live_bytes(now) > ac_snapshot_live_bytes(peak);
}

static void write_segment(bool at_exit)
{
    static struct ac_snapshot snapshot;
    struct ac_state *s = ac_segment_state();
    ac_snapshot_take(&snapshot);
    snapshot.time_ns = ac_os_now_ns();
    snapshot.stats[AC_STAT_rss_bytes] = ac_os_rss_bytes();
    ac_store_rel(&s->seq, s->seq + 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    s->now = snapshot;
    s->exited = at_exit;
    if (is_peak(&snapshot, &s->peak))
        s->peak = snapshot;
    ac_store_rel(&s->seq, s->seq + 1);
}

/* `busy` holds the generation after this one, so that what a fork cut short does not count in the child. */
static void publish_now(bool at_exit)
{
    uint32_t mine = ac_thread_fork_generation() + 1;
    uint32_t other = ac_load_rlx(&publish.busy);
    if (other == mine || !ac_cas_acq(&publish.busy, &other, mine))
        return;
    write_segment(at_exit);
    ac_store_rel(&publish.busy, 0);
}

void ac_publish_start(void)
{
    ac_segment_set_library(ACRE_VERSION_STRING);
    if (ac_segment_is_file())
        publish_now(false);
}

void ac_publish_tick(void)
{
    uint64_t now;
    if (!ac_segment_is_file())
        return;
    /* Early on also at every power of two, for programs that end without running destructors. */
    uint32_t ticks = ac_load_rlx(&publish.ticks) + 1;
    ac_store_rlx(&publish.ticks, ticks);
    now = ac_os_now_ns();
    if (now - ac_load_rlx(&publish.last_ns) < PUBLISH_EVERY_NS && (ticks > 1024 || !ac_is_pow2(ticks)))
        return;
    ac_store_rlx(&publish.last_ns, now);
    publish_now(false);
}

void ac_publish_exit(void)
{
    struct ac_state *s = ac_segment_state();
    if (s == NULL || ac_thread_is_unrepaired_child())
        return;
    if (ac_segment_is_file())
        publish_now(true);
    else
        ac_store_rlx(&s->exited, 1u);
}

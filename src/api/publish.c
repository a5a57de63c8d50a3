/* SPDX-License-Identifier: MIT */
#include "api/publish.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/sizeclass.h"
#include "heap/thread.h"
#include "os/os.h"
#include "report/snapshot.h"

#include <acre/acre.h>
#include <stddef.h>
#include <string.h>

#define PUBLISH_EVERY_NS 10000000u

static struct {
    struct ac_state *segment; /* NULL: nothing to publish */
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
    struct ac_state *s = publish.segment;
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

static void publish_now(bool at_exit)
{
    uint32_t nobody = 0;
    if (!ac_cas_acq(&publish.busy, &nobody, 1))
        return;
    if (publish.segment->pid == ac_os_pid())
        write_segment(at_exit);
    else if (ac_thread_fork_generation() != 0)
        publish.segment = NULL;
    ac_store_rel(&publish.busy, 0);
}

void ac_publish_start(void)
{
    const char *path = ac_thread_state_path();
    if (path[0] == '\0' || publish.segment != NULL)
        return;
    struct ac_state *s = ac_os_map_file(path, sizeof *s);
    uint32_t unclaimed = 0;
    if (s == NULL)
        return;
    /* After exec the segment is this process's already, and what it holds is the old program's. */
    if (!ac_cas_acq(&s->pid, &unclaimed, ac_os_pid()) && unclaimed != ac_os_pid()) {
        ac_os_unmap(s, sizeof *s);
        return;
    }
    memset((char *)s + offsetof(struct ac_state, nstats), 0, sizeof *s - offsetof(struct ac_state, nstats));
    s->version = AC_STATE_VERSION;
    s->size_bytes = sizeof *s;
    s->nstats = AC_STAT_COUNT;
    s->nclasses = AC_NCLASSES;
    s->start_ns = ac_os_now_ns();
    s->page_size_bytes = (uint32_t)ac_os_page_size();
    memcpy(s->library, ACRE_VERSION_STRING, sizeof ACRE_VERSION_STRING);
    ac_compiler_barrier();
    memcpy(s->magic, AC_STATE_MAGIC, sizeof s->magic);
    publish.segment = s;
    publish_now(false);
}

void ac_publish_tick(void)
{
    uint64_t now;
    if (publish.segment == NULL)
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
    if (publish.segment != NULL)
        publish_now(true);
}

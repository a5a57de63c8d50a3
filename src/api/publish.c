/* SPDX-License-Identifier: MIT */
#include "api/publish.h"

#include "base/atomic.h"
#include "core/sizeclass.h"
#include "heap/thread.h"
#include "os/os.h"
#include "report/snapshot.h"

#include <acre/acre.h>
#include <string.h>

#define PUBLISH_EVERY_NS 10000000u

static struct {
    struct ac_state *segment; /* NULL: nothing to publish */
    uint32_t busy;
    uint64_t last_ns;
    size_t peak_bytes;
} publish;

/* What the process would hold even if everything free were given back at once, plus what is not yet. */
static size_t footprint_bytes(const struct ac_snapshot *snapshot)
{
    return ac_snapshot_live_bytes(snapshot) + snapshot->stats[AC_STAT_dirty_bytes] +
           snapshot->stats[AC_STAT_span_free_bytes] + snapshot->stats[AC_STAT_thread_cache_bytes] +
           snapshot->stats[AC_STAT_transfer_cache_bytes];
}

static void write_segment(bool at_exit)
{
    static struct ac_snapshot snapshot;
    struct ac_state *s = publish.segment;
    ac_snapshot_take(&snapshot);
    snapshot.time_ns = ac_os_now_ns();
    snapshot.stats[AC_STAT_rss_bytes] = ac_os_rss_bytes();
    size_t footprint = footprint_bytes(&snapshot);
    bool is_peak = footprint > publish.peak_bytes;
    ac_store_rel(&s->seq, s->seq + 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    s->now = snapshot;
    s->exited = at_exit;
    if (is_peak) {
        publish.peak_bytes = footprint;
        s->peak = snapshot;
    }
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
    if (!ac_cas_acq(&s->pid, &unclaimed, ac_os_pid())) {
        ac_os_unmap(s, sizeof *s);
        return;
    }
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
    if (publish.segment == NULL || (now = ac_os_now_ns()) - ac_load_rlx(&publish.last_ns) < PUBLISH_EVERY_NS)
        return;
    ac_store_rlx(&publish.last_ns, now);
    publish_now(false);
}

void ac_publish_exit(void)
{
    if (publish.segment != NULL)
        publish_now(true);
}

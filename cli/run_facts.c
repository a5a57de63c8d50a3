/* SPDX-License-Identifier: MIT
 *
 * run_facts.c -- what the state segment and the exit status say about a run, before anybody formats it.
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd.h"
#include "report.h"

bool ac_run_is_measured(const struct ac_run *run)
{
    bool readable = run->verdict == AC_SEGMENT_READ || run->verdict == AC_SEGMENT_TORN;
    return readable && run->state.now.time_ns != 0;
}

uint64_t ac_run_stat(const struct ac_run *run, const struct ac_snapshot *snapshot, enum ac_stat i)
{
    return (uint32_t)i < run->state.nstats ? snapshot->stats[i] : 0;
}

const struct ac_snapshot *ac_run_peak(const struct ac_run *run)
{
    return run->state.peak.time_ns != 0 ? &run->state.peak : &run->state.now;
}

enum ac_service ac_run_service(const struct ac_run *run)
{
    static const enum ac_stat proofs[] = {AC_STAT_refills, AC_STAT_small_live_objects,
                                          AC_STAT_large_live_objects, AC_STAT_mapped_bytes};
    if (!ac_run_is_measured(run))
        return AC_SERVICE_UNKNOWN;
    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        if (ac_run_stat(run, &run->state.now, proofs[i]) != 0 ||
            ac_run_stat(run, ac_run_peak(run), proofs[i]) != 0)
            return AC_SERVICE_PROVEN;
    }
    return run->state.exited ? AC_SERVICE_REFUSED : AC_SERVICE_UNKNOWN;
}

int64_t ac_run_rest_bytes(const struct ac_run *run, const struct ac_snapshot *snapshot)
{
    static const enum ac_stat parts[] = {AC_STAT_small_live_bytes,   AC_STAT_large_live_bytes,
                                         AC_STAT_thread_cache_bytes, AC_STAT_transfer_cache_bytes,
                                         AC_STAT_span_free_bytes,    AC_STAT_dirty_bytes,
                                         AC_STAT_metadata_bytes};
    uint64_t rest = ac_run_stat(run, snapshot, AC_STAT_rss_bytes);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        rest -= ac_run_stat(run, snapshot, parts[i]);
    return (int64_t)(rest + ac_run_stat(run, snapshot, AC_STAT_span_purged_bytes));
}

static void why_empty(const struct ac_run *run, char *text, size_t text_bytes)
{
    int status = run->outcome.wait_status;
    if (WIFSIGNALED(status))
        snprintf(text, text_bytes, "signal %d (%s) ended it before the library could publish",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == AC_EXIT_NOT_FOUND)
        snprintf(text, text_bytes,
                 "the loader could not start it (exit status 127; its message stands above)");
    else
        snprintf(text, text_bytes,
                 "the library was not loaded, or could not reach the state segment: LD_PRELOAD cleared, "
                 "another user, or no /proc");
}

void ac_run_why_not(const struct ac_run *run, char *text, size_t text_bytes)
{
    text[0] = '\0';
    if (ac_run_is_measured(run))
        return;
    if (run->verdict == AC_SEGMENT_EMPTY)
        why_empty(run, text, text_bytes);
    else if (run->verdict == AC_SEGMENT_FOREIGN)
        snprintf(text, text_bytes,
                 "the library publishes layout %" PRIu32 " (%" PRIu32
                 " bytes), this command reads %u "
                 "(%zu bytes); use the library that was built with it",
                 run->state.version, run->state.size_bytes, AC_STATE_VERSION, sizeof(struct ac_state));
    else
        snprintf(text, text_bytes,
                 "process %" PRIu32 " started on acre and ended before it published a number",
                 run->state.pid);
}

/* SPDX-License-Identifier: MIT
 *
 * look.c -- puts together what a segment and /proc say of a process.
 */
#include "look.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "process.h"
#include "segment.h"

enum { TRIES = 3 };
/* What the heap may change by during a look without a second one being worth it. */
static const uint64_t calm_share = 200;
static const uint64_t max_statistic = (uint64_t)1 << 56;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The first line of a file of /proc/PID, without its end. */
static void read_line(pid_t pid, const char *file, char *out, size_t out_bytes)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    FILE *in = fopen(path, "re");
    out[0] = '\0';
    if (!in)
        return;
    if (!fgets(out, (int)out_bytes, in))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(in);
}

/* ---- addresses ---- */

static enum ac_range_kind kind_of_unit(const struct ac_state_chunk *row, unsigned i)
{
    uint64_t bit = (uint64_t)1 << i;
    if ((row->free & bit) != 0)
        return (row->dirty & bit) != 0 ? AC_RANGE_DIRTY : AC_RANGE_CLEAN;
    return (row->large & bit) != 0 ? AC_RANGE_LARGE : AC_RANGE_SMALL;
}

static bool add_unit(struct ac_ranges *ranges, const struct ac_state_chunk *row, unsigned i,
                     uint64_t unit_bytes)
{
    enum ac_range_kind kind = kind_of_unit(row, i);
    uint64_t start = row->base + i * unit_bytes;
    uint64_t end = start + unit_bytes;
    uint64_t handed = end;
    if (kind == AC_RANGE_SMALL && row->handed[i] < 8)
        handed = start + row->handed[i] * unit_bytes / 8;
    return ac_ranges_add(ranges, start, handed, kind) && ac_ranges_add(ranges, handed, end, AC_RANGE_FRESH);
}

static bool add_chunk(struct ac_ranges *ranges, const struct ac_state_chunk *row, uint64_t unit_bytes)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < row->units && i < 64; i++)
        ok = add_unit(ranges, row, i, unit_bytes);
    return ok;
}

static bool add_extents(struct ac_ranges *ranges, const struct ac_view *view, enum ac_state_section_id id,
                        enum ac_range_kind kind)
{
    const struct ac_state_extent *row;
    bool ok = true;
    for (uint32_t i = 0; ok && (row = ac_view_row(view, id, i)) != NULL; i++)
        ok = row->base == 0 || row->bytes > UINT64_MAX - row->base ||
             ac_ranges_add(ranges, row->base, row->base + row->bytes, kind);
    return ok;
}

static bool add_addresses(const struct ac_view *view, struct ac_ranges *out)
{
    const struct ac_state_chunk *row;
    bool ok = true;
    for (uint32_t i = 0; ok && (row = ac_view_row(view, AC_STATE_CHUNKS, i)) != NULL; i++)
        ok = row->base == 0 || add_chunk(out, row, view->state->unit_bytes);
    ok = ok && add_extents(out, view, AC_STATE_HUGE, AC_RANGE_LARGE) &&
         add_extents(out, view, AC_STATE_KEPT, AC_RANGE_DIRTY) &&
         add_extents(out, view, AC_STATE_OWN, AC_RANGE_OWN);
    ac_ranges_settle(out);
    return ok;
}

/* ---- threads and moments ---- */

static uint64_t kept_bytes(const struct ac_view *view, const struct ac_state_thread *row)
{
    uint64_t bytes = 0;
    for (uint32_t c = 1; c < view->state->nclasses && c < AC_STATE_MAX_CLASSES; c++)
        bytes += (uint64_t)(row->magazines[c] + row->outbox[c]) * view->state->facts[c].size_bytes;
    return bytes;
}

static bool add_threads(const struct ac_view *view, struct ac_look *out)
{
    const struct ac_state_thread *row;
    uint32_t n = 0;
    while (ac_view_row(view, AC_STATE_THREADS, n))
        n++;
    out->threads = calloc(n ? n : 1, sizeof(*out->threads));
    for (uint32_t i = 0; out->threads && (row = ac_view_row(view, AC_STATE_THREADS, i)) != NULL; i++) {
        char file[40];
        if (row->tid == 0)
            continue;
        struct ac_look_thread *t = &out->threads[out->nthreads++];
        *t = (struct ac_look_thread){row->tid,
                                     row->shard,
                                     "",
                                     kept_bytes(view, row),
                                     row->refills,
                                     row->flushes,
                                     row->remote_frees,
                                     out->time_ns > row->seen_ns ? out->time_ns - row->seen_ns : 0};
        snprintf(file, sizeof(file), "task/%" PRIu32 "/comm", row->tid);
        if (out->why.moment == AC_WHY_NOW)
            read_line(out->why.pid, file, t->name, sizeof(t->name));
        out->why.idle_threads += t->idle_ns > AC_LOOK_IDLE_NS;
    }
    return out->threads != NULL;
}

static void add_traffic(const struct ac_view *view, struct ac_look *out)
{
    const struct ac_state_center *row;
    for (uint32_t i = 0; (row = ac_view_row(view, AC_STATE_CENTERS, i)) != NULL; i++)
        out->given_blocks += row->given;
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = ((const struct ac_look_moment *)a)->time_ns;
    uint64_t y = ((const struct ac_look_moment *)b)->time_ns;
    return (x > y) - (x < y);
}

static void add_moments(const struct ac_view *view, struct ac_look *out)
{
    const struct ac_state_moment *row;
    for (uint32_t i = 0; (row = ac_view_row(view, AC_STATE_SECONDS, i)) != NULL; i++) {
        if (row->time_ns == 0 || out->nmoments == AC_LOOK_MOMENTS)
            continue;
        uint64_t live = row->stats[AC_STAT_small_live_bytes] + row->stats[AC_STAT_large_live_bytes];
        uint64_t idle = row->stats[AC_STAT_thread_cache_bytes] + row->stats[AC_STAT_transfer_cache_bytes] +
                        row->stats[AC_STAT_span_free_bytes] + row->stats[AC_STAT_dirty_bytes];
        out->moments[out->nmoments++] = (struct ac_look_moment){row->time_ns, live, live + idle};
    }
    qsort(out->moments, out->nmoments, sizeof(out->moments[0]), by_time);
}

/* ---- the look ---- */

static void blind(struct ac_why *why, int reason)
{
    snprintf(why->blind, sizeof(why->blind), "counters only: the page table of process %d cannot be read: %s",
             (int)why->pid, strerror(reason));
}

static void take_identity(struct ac_why *why, const struct ac_ranges *ranges)
{
    struct ac_subject subject = {&why->counters, why->nstats, ranges,
                                 why->moment == AC_WHY_NOW ? why->pid : 0};
    bool walked = ac_identity_take(&subject, &why->identity);
    if (!walked && why->moment == AC_WHY_NOW)
        blind(why, errno);
}

/* A damaged file may hold any numbers; from here on they are added and subtracted without further checks. */
static bool is_plausible(const struct ac_snapshot *counters)
{
    for (int i = 0; i < AC_STAT_COUNT; i++) {
        if (counters->stats[i] > max_statistic)
            return false;
    }
    return true;
}

static bool fill(const struct ac_view *view, const struct ac_snapshot *counters, struct ac_look *out,
                 char *why_not)
{
    snprintf(why_not, AC_LOOK_WHY_BYTES, "out of memory");
    if (!is_plausible(counters)) {
        snprintf(
            why_not, AC_LOOK_WHY_BYTES,
            "the numbers in the state segment cannot be true: it is damaged, or its process wrote into it");
        return false;
    }
    struct ac_ranges ranges = {0};
    struct ac_why *why = &out->why;
    why->torn = view->torn;
    why->counters = *counters;
    why->nstats = view->state->nstats;
    why->nthreads = counters->stats[AC_STAT_threads];
    memcpy(why->library, view->state->library, sizeof(why->library));
    why->library[sizeof(why->library) - 1] = '\0';
    why->missed_addresses = view->state->missed_addresses;
    why->missed_centers = view->state->missed_centers;
    why->missed_threads = view->state->missed_threads;
    out->start_ns = view->state->start_ns;
    bool ok = add_addresses(view, &ranges) && add_threads(view, out);
    add_traffic(view, out);
    add_moments(view, out);
    if (ok)
        take_identity(why, &ranges);
    ac_ranges_free(&ranges);
    return ok;
}

static uint64_t live_bytes(const struct ac_snapshot *s)
{
    return s->stats[AC_STAT_small_live_bytes] + s->stats[AC_STAT_large_live_bytes];
}

/* Counters and page table are read one after the other: a heap that has changed a lot meanwhile is looked at
 * again, a few times. */
static bool look_once(const struct ac_segment *segment, struct ac_look *out, bool *out_calm, char *why)
{
    struct ac_view view;
    struct ac_snapshot before;
    struct ac_snapshot after;
    if (!ac_view_load(segment, &view, why))
        return false;
    ac_view_sum(&view, &before);
    out->time_ns = now_ns();
    before.stats[AC_STAT_rss_bytes] = ac_process_rss_bytes(out->why.pid);
    bool ok = fill(&view, &before, out, why);
    ac_view_free(&view);
    *out_calm = true;
    if (ok && ac_view_load(segment, &view, why)) {
        ac_view_sum(&view, &after);
        ac_view_free(&view);
        uint64_t a = live_bytes(&before);
        uint64_t b = live_bytes(&after);
        *out_calm = (a > b ? a - b : b - a) <= a / calm_share;
    }
    return ok;
}

bool ac_look_at(pid_t pid, struct ac_look *out_look, char *why)
{
    struct ac_segment segment;
    bool calm = false;
    bool ok = ac_segment_attach(pid, &segment, why);
    if (!ok)
        return false;
    for (int i = 0; ok && !calm && i < TRIES; i++) {
        if (i > 0)
            ac_look_free(out_look);
        memset(out_look, 0, sizeof(*out_look));
        out_look->why.pid = pid;
        read_line(pid, "comm", out_look->why.program, sizeof(out_look->why.program));
        out_look->why.stopped = ac_process_is_stopped(pid);
        ok = look_once(&segment, out_look, &calm, why);
    }
    ac_segment_close(&segment);
    return ok;
}

/* The process that a file is of, if it is still there and still has that file. */
static bool is_alive(pid_t pid, const struct ac_segment *segment)
{
    char why[AC_SEGMENT_WHY_BYTES];
    struct stat mine;
    struct stat its;
    struct ac_segment own;
    if (!ac_segment_attach(pid, &own, why))
        return false;
    bool same = fstat(segment->fd, &mine) == 0 && fstat(own.fd, &its) == 0 && mine.st_ino == its.st_ino &&
                mine.st_dev == its.st_dev;
    ac_segment_close(&own);
    return same;
}

static bool read_last(const struct ac_view *view, struct ac_look *out, char *why)
{
    struct ac_snapshot last;
    out->why.pid = (pid_t)view->state->pid;
    out->why.moment = AC_WHY_LAST;
    out->time_ns = view->state->now.time_ns;
    snprintf(out->why.program, sizeof(out->why.program), "(ended)");
    ac_view_sum(view, &last);
    last.stats[AC_STAT_rss_bytes] = view->state->now.stats[AC_STAT_rss_bytes];
    return fill(view, &last, out, why);
}

bool ac_look_at_file(const char *path, struct ac_look *out_look, char *why)
{
    struct ac_segment segment;
    struct ac_view view;
    pid_t alive = 0;
    memset(out_look, 0, sizeof(*out_look));
    if (!ac_segment_open(path, &segment, why))
        return false;
    bool ok = ac_view_load(&segment, &view, why);
    if (ok) {
        pid_t pid = (pid_t)view.state->pid;
        alive = is_alive(pid, &segment) ? pid : 0;
        ok = alive != 0 || read_last(&view, out_look, why);
        ac_view_free(&view);
    }
    ac_segment_close(&segment);
    return alive != 0 ? ac_look_at(alive, out_look, why) : ok;
}

void ac_look_free(struct ac_look *look)
{
    free(look->threads);
    look->threads = NULL;
    look->nthreads = 0;
}

/* SPDX-License-Identifier: MIT
 *
 * sample.c -- a process at one moment: its heap by the segment, the rest by /proc.
 */
#include "sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/stat.h"

static uint64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool ac_process_read(pid_t pid, uint64_t *out_age_ns, uint64_t *out_faults)
{
    char text[1024];
    char state;
    uint64_t minor;
    uint64_t major;
    uint64_t start;
    snprintf(text, sizeof(text), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(text, "re");
    size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    const char *at = strrchr(text, ')'); /* the name may hold anything */
    if (!at || sscanf(at,
                      ") %c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64
                      " %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
                      &state, &minor, &major, &start) != 4)
        return false;
    uint64_t started = start * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
    uint64_t now = now_ns(CLOCK_BOOTTIME);
    *out_age_ns = now > started ? now - started : 0;
    *out_faults = minor + major;
    return state != 'Z' && state != 'X';
}

static void sum(const struct ac_view *view, struct ac_sample *out, uint64_t time_ns, uint64_t rss_bytes)
{
    const struct ac_state_center *row;
    ac_view_sum(view, &out->heap);
    out->time_ns = time_ns;
    out->heap.time_ns = time_ns;
    out->heap.stats[AC_STAT_rss_bytes] = rss_bytes;
    for (uint32_t i = 0; (row = ac_view_row(view, AC_STATE_CENTERS, i)) != NULL; i++) {
        out->taken += row->taken;
        out->given += row->given;
    }
}

bool ac_sample_take(pid_t pid, const struct ac_segment *segment, struct ac_sample *out, char *why)
{
    struct ac_view view;
    memset(out, 0, sizeof(*out));
    why[0] = '\0';
    out->has_faults = ac_process_read(pid, &out->age_ns, &out->faults);
    if (!out->has_faults || !ac_view_load(segment, &view, why))
        return false;
    sum(&view, out, now_ns(CLOCK_MONOTONIC), ac_process_rss_bytes(pid));
    ac_view_free(&view);
    return true;
}

bool ac_sample_read_file(const struct ac_segment *segment, struct ac_sample *out, pid_t *out_pid, char *why)
{
    struct ac_view view;
    memset(out, 0, sizeof(*out));
    if (!ac_view_load(segment, &view, why))
        return false;
    const struct ac_state *state = view.state;
    *out_pid = (pid_t)state->pid;
    out->age_ns = state->tick_ns > state->start_ns ? state->tick_ns - state->start_ns : 0;
    sum(&view, out, state->tick_ns, state->now.stats[AC_STAT_rss_bytes]);
    ac_view_free(&view);
    return true;
}

uint64_t ac_sample_live_bytes(const struct ac_sample *sample)
{
    return sample->heap.stats[AC_STAT_small_live_bytes] + sample->heap.stats[AC_STAT_large_live_bytes];
}

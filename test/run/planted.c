/* SPDX-License-Identifier: MIT
 *
 * planted.c -- a preload library that publishes a state segment of the test's making, and serves no malloc.
 *
 * So the command can be shown every segment it may meet, also those that the real library never writes: torn,
 * of another version, full of impossible numbers. ACRE_PLANT chooses:
 *   good      a plain heap, 1 MiB live of 4 MiB; exit seen         running   the same, exit never seen
 *   torn      the writer died in the middle of a publication       claimed   a pid and nothing else
 *   foreign   a layout of another version                          hostile   every number at its worst
 *   unused    published, but nothing was ever allocated            dirty     half of the memory in free pages
 *   untouched more live than resident                              spread    many threads, free blocks in
 *   spans
 *   started   no peak, no memory, exit never seen            none      the segment is left alone
 */
#include "core/state.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
#define AC_STAT(name, kind, unit, help) STAT_##name,
#include "core/stat.def"
#undef AC_STAT
    NSTATS
};

static const uint64_t mib = 1024 * 1024;
static struct ac_state *planted;
static bool exit_is_seen;

static bool chosen(const char *plant)
{
    const char *asked = getenv("ACRE_PLANT");
    return strcmp(asked ? asked : "good", plant) == 0;
}

static struct ac_state *map_segment(void)
{
    const char *conf = getenv("ACRE_CONF");
    const char *place = conf ? strstr(conf, "state=") : NULL;
    char path[256] = "";
    if (place)
        strncat(path, place + 6, strcspn(place + 6, ",") < 255 ? strcspn(place + 6, ",") : 255);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct ac_state *state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return state == MAP_FAILED ? NULL : state;
}

static void plant_snapshot(struct ac_snapshot *snapshot)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snapshot->time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    uint64_t *stats = snapshot->stats;
    stats[STAT_small_live_bytes] = mib;
    stats[STAT_small_live_objects] = 2048;
    stats[STAT_thread_cache_bytes] = 64 * 1024;
    stats[STAT_transfer_cache_bytes] = 32 * 1024;
    stats[STAT_span_free_bytes] = 128 * 1024;
    stats[STAT_metadata_bytes] = 100 * 1024;
    stats[STAT_mapped_bytes] = 2 * mib;
    stats[STAT_refills] = 77;
    stats[STAT_threads] = 1;
    stats[STAT_rss_bytes] = 4 * mib;
    snapshot->classes[0] = (struct ac_state_class){512, 70, 2048, 128, 64};
    snapshot->classes[1] = (struct ac_state_class){32, 1, 10, 20, 30};
}

static void bend_snapshot(struct ac_snapshot *snapshot)
{
    uint64_t *stats = snapshot->stats;
    if (chosen("unused") || chosen("started")) {
        memset(stats, 0, sizeof(snapshot->stats));
        memset(snapshot->classes, 0, sizeof(snapshot->classes));
        stats[STAT_rss_bytes] = 4 * mib;
    }
    if (chosen("dirty"))
        stats[STAT_dirty_bytes] = 2 * mib;
    if (chosen("untouched"))
        stats[STAT_large_live_bytes] = 64 * mib;
    if (chosen("spread")) {
        stats[STAT_threads] = 8;
        stats[STAT_span_free_bytes] = 3 * mib / 2;
    }
    if (chosen("hostile"))
        memset(snapshot, 0xff, sizeof(*snapshot));
}

static void plant_header(struct ac_state *state)
{
    state->version = chosen("foreign") ? AC_STATE_VERSION + 1 : AC_STATE_VERSION;
    state->size_bytes = sizeof(*state);
    state->nstats = chosen("hostile") ? UINT32_MAX : NSTATS;
    state->nclasses = chosen("hostile") ? UINT32_MAX : 2;
    state->seq = chosen("torn") ? 7 : 8;
    state->page_size_bytes = 4096;
    memset(state->library, chosen("hostile") ? '\n' : 0, sizeof(state->library));
    if (!chosen("hostile"))
        memcpy(state->library, "9.9.9", 5);
    memcpy(state->magic, AC_STATE_MAGIC, sizeof(state->magic));
}

__attribute__((constructor)) static void plant(void)
{
    uint32_t unclaimed = 0;
    struct ac_state *state = chosen("none") ? NULL : map_segment();
    uint32_t self = (uint32_t)getpid();
    if (!state)
        return;
    bool claimed =
        __atomic_compare_exchange_n(&state->pid, &unclaimed, self, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    if (!claimed && unclaimed != self)
        return;
    if (chosen("claimed"))
        return;
    plant_snapshot(&state->now);
    bend_snapshot(&state->now);
    if (!chosen("started"))
        state->peak = state->now;
    plant_header(state);
    planted = state;
    exit_is_seen = !chosen("running") && !chosen("started");
}

__attribute__((destructor)) static void leave(void)
{
    if (planted && exit_is_seen && planted->pid == (uint32_t)getpid())
        planted->exited = 1;
}

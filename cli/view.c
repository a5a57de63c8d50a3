/* SPDX-License-Identifier: MIT
 *
 * view.c -- a whole state segment, copied and checked, and the sums over its rows.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/sum.h"
#include "segment.h"

static bool refuse(enum ac_segment_verdict verdict, const struct ac_state *state, char *why)
{
    if (verdict == AC_SEGMENT_FOREIGN)
        snprintf(why, AC_SEGMENT_WHY_BYTES,
                 "process %" PRIu32 " publishes layout %" PRIu32
                 " (acre %.31s), this command reads layout %u; use "
                 "the acre command that came with its library",
                 state->pid, state->version, state->library, AC_STATE_VERSION);
    else if (memcmp(state->magic, AC_STATE_MAGIC, sizeof(state->magic)) != 0 && state->magic[0] != 0)
        snprintf(why, AC_SEGMENT_WHY_BYTES,
                 "that is no state file of acre; ACRE_CONF=state=FILE has a program write one");
    else
        snprintf(why, AC_SEGMENT_WHY_BYTES,
                 "the state segment was never filled in: no process on acre has used it");
    return false;
}

bool ac_view_load(const struct ac_segment *segment, struct ac_view *out_view, char *why)
{
    struct stat st;
    struct ac_state head;
    enum ac_segment_verdict verdict = ac_segment_read(segment, &head);
    *out_view = (struct ac_view){.torn = verdict == AC_SEGMENT_TORN};
    if (verdict != AC_SEGMENT_READ && verdict != AC_SEGMENT_TORN)
        return refuse(verdict, &head, why);
    if (fstat(segment->fd, &st) != 0 || (uint64_t)st.st_size < head.total_bytes ||
        head.total_bytes > AC_STATE_MAX_BYTES || head.total_bytes < sizeof(head)) {
        snprintf(why, AC_SEGMENT_WHY_BYTES,
                 "the state segment is cut off: it is %lld bytes long, not %" PRIu64, (long long)st.st_size,
                 head.total_bytes);
        return false;
    }
    out_view->bytes = head.total_bytes;
    out_view->state = malloc(out_view->bytes);
    if (!out_view->state ||
        pread(segment->fd, out_view->state, out_view->bytes, 0) != (ssize_t)out_view->bytes) {
        snprintf(why, AC_SEGMENT_WHY_BYTES, "cannot read the state segment: %s", strerror(errno));
        ac_view_free(out_view);
        return false;
    }
    memcpy(out_view->state, &head, sizeof(head));
    return true;
}

void ac_view_free(struct ac_view *view)
{
    free(view->state);
    view->state = NULL;
}

/* Rows of a section of the heap profile that its head says are in use. */
static uint64_t profile_rows(const struct ac_view *view, const struct ac_state_section *section)
{
    const struct ac_state_profile *head = ac_view_row(view, AC_STATE_PROFILE, 0);
    if (!head)
        return 0;
    switch (section->id) {
    case AC_STATE_SITES:
        return head->nsites;
    case AC_STATE_SAMPLES:
        return head->nsamples;
    case AC_STATE_FRAMES:
        return head->nframes;
    default:
        return head->nmodules;
    }
}

static uint32_t rows_in_use(const struct ac_view *view, const struct ac_state_section *section)
{
    uint64_t n = UINT32_MAX;
    switch (section->id) {
    case AC_STATE_CENTERS:
        n = view->state->ncenters;
        break;
    case AC_STATE_THREADS:
        n = view->state->nthreads;
        break;
    case AC_STATE_SITES:
    case AC_STATE_SAMPLES:
    case AC_STATE_FRAMES:
    case AC_STATE_MODULES:
        n = profile_rows(view, section);
        break;
    default:
        break;
    }
    return (uint32_t)(n < section->nrows ? n : section->nrows < UINT32_MAX ? section->nrows : UINT32_MAX);
}

/* What the command knows of a row must be in it. */
static size_t least_row_bytes(enum ac_state_section_id id)
{
    switch (id) {
    case AC_STATE_CENTERS:
        return sizeof(struct ac_state_center);
    case AC_STATE_THREADS:
        return sizeof(struct ac_state_thread);
    case AC_STATE_CHUNKS:
        return sizeof(struct ac_state_chunk);
    case AC_STATE_HUGE:
    case AC_STATE_KEPT:
    case AC_STATE_OWN:
        return sizeof(struct ac_state_extent);
    case AC_STATE_SITES:
        return sizeof(struct ac_state_site);
    case AC_STATE_SAMPLES:
        return sizeof(struct ac_state_sample);
    case AC_STATE_PROFILE:
        return sizeof(struct ac_state_profile);
    case AC_STATE_FRAMES:
        return sizeof(uint64_t);
    case AC_STATE_MODULES:
        return sizeof(struct ac_state_module);
    case AC_STATE_BREACHES:
        return sizeof(struct ac_state_breach);
    case AC_STATE_LEAKS:
        return sizeof(struct ac_state_leaks);
    default:
        return sizeof(struct ac_state_moment);
    }
}

const void *ac_view_row(const struct ac_view *view, enum ac_state_section_id id, uint32_t i)
{
    const struct ac_state *state = view->state;
    for (uint32_t k = 0; k < AC_STATE_MAX_SECTIONS && k < state->nsections; k++) {
        const struct ac_state_section *section = &state->sections[k];
        if (section->id != (uint32_t)id)
            continue;
        uint64_t at = section->offset_bytes + (uint64_t)i * section->row_bytes;
        if (i >= rows_in_use(view, section) || section->row_bytes < least_row_bytes(id) ||
            section->offset_bytes > view->bytes || section->offset_bytes % 8 != 0 ||
            section->row_bytes % 8 != 0 || at + section->row_bytes > view->bytes)
            return NULL;
        return (const char *)state + at;
    }
    return NULL;
}

static void sum_centers(const struct ac_view *view, struct ac_class_sum sums[AC_STATE_MAX_CLASSES])
{
    const struct ac_state_center *row;
    for (uint32_t i = 0; (row = ac_view_row(view, AC_STATE_CENTERS, i)) != NULL; i++) {
        if (row->class == 0 || row->class >= view->state->nclasses)
            continue;
        struct ac_class_sum *sum = &sums[row->class];
        sum->out += row->out;
        sum->fresh += row->fresh;
        sum->nspans += row->nspans;
        sum->transfer += row->transfer;
        sum->purged_bytes += row->purged_bytes;
    }
}

static void sum_threads(const struct ac_view *view, struct ac_class_sum sums[AC_STATE_MAX_CLASSES],
                        uint64_t *stats)
{
    const struct ac_state_thread *row;
    for (uint32_t i = 0; (row = ac_view_row(view, AC_STATE_THREADS, i)) != NULL; i++) {
        for (uint32_t c = 1; c < view->state->nclasses; c++)
            sums[c].cached += (uint64_t)row->magazines[c] + row->outbox[c];
        stats[AC_STAT_refills] += row->refills;
        stats[AC_STAT_flushes] += row->flushes;
        stats[AC_STAT_remote_frees] += row->remote_frees;
    }
}

void ac_view_sum(const struct ac_view *view, struct ac_snapshot *out_snapshot)
{
    struct ac_class_sum sums[AC_STATE_MAX_CLASSES];
    const struct ac_state *state = view->state;
    memset(sums, 0, sizeof(sums));
    memset(out_snapshot, 0, sizeof(*out_snapshot));
    sum_centers(view, sums);
    sum_threads(view, sums, out_snapshot->stats);
    for (uint32_t c = 1; c < state->nclasses; c++)
        ac_sum_class(&sums[c], &state->facts[c], &out_snapshot->classes[c], out_snapshot->stats);
    ac_sum_pages(&state->pages, state->unit_bytes, out_snapshot->stats);
}

uint64_t ac_process_rss_bytes(pid_t pid)
{
    char path[AC_SEGMENT_PATH_BYTES];
    uint64_t pages = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*u %" SCNu64, &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

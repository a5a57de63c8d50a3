/* SPDX-License-Identifier: MIT
 *
 * identity.c -- adds up what the allocator counts and what the page table shows.
 */
#include "identity.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "resident.h"

const char *const ac_part_keys[AC_NPARTS] = {
#define AC_PART(name, key, label) key,
#include "parts.def"
#undef AC_PART
};

const char *const ac_part_labels[AC_NPARTS] = {
#define AC_PART(name, key, label) label,
#include "parts.def"
#undef AC_PART
};

struct walk {
    uint64_t range_bytes[AC_RANGE_KINDS];
    uint64_t resident[AC_RANGE_KINDS];
    uint64_t foreign_bytes; /* in mappings that hold ranges, outside of them */
    struct ac_outside others[AC_VMA_KINDS];
};

static uint64_t stat_of(const struct ac_subject *subject, enum ac_stat i)
{
    return (uint32_t)i < subject->nstats ? subject->counters->stats[i] : 0;
}

uint64_t ac_rounding_max(const struct ac_snapshot *counters)
{
    uint64_t bytes = 0;
    uint32_t below = 0;
    for (size_t i = 0; i < AC_STATE_MAX_CLASSES; i++) {
        const struct ac_state_class *row = &counters->classes[i];
        if (row->size_bytes <= below)
            continue;
        bytes += row->live_objects * (row->size_bytes - below - 1);
        below = row->size_bytes;
    }
    return bytes;
}

/* ---- the walk ---- */

/* Without a scan of the kernel's the page of zeros counts as resident; no more is than the mapping has. */
static uint64_t at_most(uint64_t bytes, uint64_t limit)
{
    return bytes < limit ? bytes : limit;
}

static void add_outside(struct ac_outside *out, const struct ac_vma *vma, uint64_t bytes)
{
    if (bytes == 0)
        return;
    out->bytes += bytes;
    out->count++;
    if (bytes > out->biggest_bytes) {
        out->biggest_bytes = bytes;
        memcpy(out->biggest_name, vma->name, sizeof(out->biggest_name));
    }
}

/* One mapping: what its ranges hold, and what is left. `*next` is the first range that may reach into it. */
static void walk_vma(struct ac_pages *pages, const struct ac_vma *vma, const struct ac_ranges *ranges,
                     size_t *next, struct walk *walk)
{
    uint64_t left = vma->rss_bytes;
    bool held = false;
    while (*next < ranges->n && ranges->list[*next].end <= vma->start)
        (*next)++;
    for (size_t i = *next; i < ranges->n && ranges->list[i].start < vma->end; i++) {
        const struct ac_range *r = &ranges->list[i];
        uint64_t start = r->start > vma->start ? r->start : vma->start;
        uint64_t end = r->end < vma->end ? r->end : vma->end;
        held = true;
        if (vma->rss_bytes == 0)
            break;
        uint64_t bytes = at_most(ac_pages_resident(pages, start, end), left);
        walk->resident[r->kind] += bytes;
        left -= bytes;
    }
    if (held)
        walk->foreign_bytes += left;
    else
        add_outside(&walk->others[vma->kind], vma, left);
}

static bool walk_process(const struct ac_subject *subject, const struct ac_smaps *smaps, struct walk *out)
{
    static const struct ac_ranges none;
    const struct ac_ranges *ranges = subject->ranges ? subject->ranges : &none;
    struct ac_pages pages;
    size_t next = 0;
    memset(out, 0, sizeof(*out));
    if (!ac_pages_open(subject->pid, &pages))
        return false;
    for (size_t i = 0; i < ranges->n; i++)
        out->range_bytes[ranges->list[i].kind] += ranges->list[i].end - ranges->list[i].start;
    for (size_t i = 0; i < smaps->nvmas; i++)
        walk_vma(&pages, &smaps->vmas[i], ranges, &next, out);
    ac_pages_close(&pages);
    return true;
}

/* ---- the sum ---- */

static void close_sum(struct ac_identity *out)
{
    int64_t rest = (int64_t)out->rss_bytes;
    for (int i = 0; i < AC_NPARTS; i++)
        rest -= i == AC_PART_unexplained ? 0 : out->parts[i];
    out->parts[AC_PART_unexplained] = rest;
}

static int64_t small_free(const struct ac_subject *subject)
{
    return (int64_t)stat_of(subject, AC_STAT_span_free_bytes) -
           (int64_t)stat_of(subject, AC_STAT_span_purged_bytes);
}

static void add_counters(const struct ac_subject *subject, struct ac_identity *out)
{
    uint64_t small = stat_of(subject, AC_STAT_small_live_bytes);
    uint64_t large = stat_of(subject, AC_STAT_large_live_bytes);
    memset(out, 0, sizeof(*out));
    out->rss_bytes = stat_of(subject, AC_STAT_rss_bytes);
    out->live_bytes = small + large;
    out->live_objects =
        stat_of(subject, AC_STAT_small_live_objects) + stat_of(subject, AC_STAT_large_live_objects);
    out->rounding_max_bytes = ac_rounding_max(subject->counters);
    out->parts[AC_PART_live] = (int64_t)(small + large);
    out->parts[AC_PART_span_free] = small_free(subject);
    out->parts[AC_PART_caches] = (int64_t)(stat_of(subject, AC_STAT_thread_cache_bytes) +
                                           stat_of(subject, AC_STAT_transfer_cache_bytes));
    out->parts[AC_PART_free_pages] = (int64_t)stat_of(subject, AC_STAT_dirty_bytes);
    out->parts[AC_PART_metadata] = (int64_t)stat_of(subject, AC_STAT_metadata_bytes);
}

/* Spans of small blocks. What blocks were ever handed out from is known to the page by the rows and to the
 * byte by the counters; the difference is less than a page for each span. Of those pages some were never
 * touched or have been given back, and the walk says how many. Anything else stays unexplained. */
static void add_spans(const struct ac_subject *subject, const struct walk *walk, struct ac_identity *out)
{
    uint64_t handed = 0;
    int64_t most_ends = 0;
    for (size_t i = 0; i < AC_STATE_MAX_CLASSES; i++) {
        const struct ac_state_class *row = &subject->counters->classes[i];
        uint64_t objects = row->live_objects + row->cached_objects + row->free_objects;
        handed += objects * row->size_bytes;
        most_ends += (int64_t)row->nspans * sysconf(_SC_PAGESIZE);
    }
    int64_t ends = (int64_t)walk->range_bytes[AC_RANGE_SMALL] - (int64_t)handed;
    int64_t absent = (int64_t)walk->range_bytes[AC_RANGE_SMALL] - (int64_t)walk->resident[AC_RANGE_SMALL];
    int64_t untouched = absent - (int64_t)stat_of(subject, AC_STAT_span_purged_bytes);
    out->parts[AC_PART_span_ends] = ends < 0 ? 0 : ends < most_ends ? ends : most_ends;
    out->parts[AC_PART_untouched] = untouched > 0 ? -untouched : 0;
    out->parts[AC_PART_span_free] += (int64_t)walk->resident[AC_RANGE_FRESH];
    out->small_resident_bytes = walk->resident[AC_RANGE_SMALL] + walk->resident[AC_RANGE_FRESH];
}

static void add_walk(const struct ac_subject *subject, const struct walk *walk, struct ac_identity *out)
{
    static const struct {
        enum ac_part part;
        enum ac_vma_kind kind;
    } outside[] = {{AC_PART_files, AC_VMA_FILE},     {AC_PART_metadata, AC_VMA_LIBRARY},
                   {AC_PART_metadata, AC_VMA_STATE}, {AC_PART_stacks, AC_VMA_STACK},
                   {AC_PART_brk, AC_VMA_BRK},        {AC_PART_shared, AC_VMA_SHARED},
                   {AC_PART_other, AC_VMA_ANON}};
    out->walked = true;
    if (subject->ranges) {
        uint64_t large = stat_of(subject, AC_STAT_large_live_bytes);
        uint64_t resident = walk->resident[AC_RANGE_LARGE];
        out->large_untouched_bytes = large > resident ? large - resident : 0;
        add_spans(subject, walk, out);
        out->foreign_bytes = walk->foreign_bytes;
        out->parts[AC_PART_live] += (int64_t)resident - (int64_t)large;
        out->parts[AC_PART_free_pages] = (int64_t)walk->resident[AC_RANGE_DIRTY];
        out->parts[AC_PART_huge_tails] = (int64_t)walk->resident[AC_RANGE_CLEAN];
        out->parts[AC_PART_metadata] = (int64_t)walk->resident[AC_RANGE_OWN];
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        out->parts[outside[i].part] += (int64_t)walk->others[outside[i].kind].bytes;
    memcpy(out->outside, walk->others, sizeof(out->outside));
}

bool ac_identity_take(const struct ac_subject *subject, struct ac_identity *out)
{
    struct ac_smaps smaps;
    struct ac_rollup rollup;
    struct walk walk;
    bool ok = false;
    int reason = ESRCH;
    add_counters(subject, out);
    if (subject->pid != 0 && ac_smaps_read(subject->pid, &smaps)) {
        ok = walk_process(subject, &smaps, &walk) && ac_rollup_read(subject->pid, &rollup);
        reason = errno;
        if (ok) {
            out->rss_bytes = rollup.rss_bytes;
            out->huge_bytes = rollup.huge_bytes;
            out->swap_bytes = rollup.swap_bytes;
            add_walk(subject, &walk, out);
        }
        ac_smaps_free(&smaps);
    } else if (subject->pid != 0) {
        reason = errno;
    }
    close_sum(out);
    errno = reason;
    return ok;
}

double ac_identity_gap_percent(const struct ac_identity *identity)
{
    return fabs(ac_percent(identity->parts[AC_PART_unexplained], identity->rss_bytes));
}

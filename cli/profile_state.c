/* SPDX-License-Identifier: MIT
 *
 * profile_state.c -- the profile that a state segment holds.
 *
 * What lives is fitted to the exact counters: in every size class c, and for blocks over 32 KiB, the
 * weights w of the samples (each taken with probability p = 1/w) become w (1 + l_c (1 - p)), with l_c such
 * that their sum is what the counters say. So a block that was certain to be sampled stays what it is, and
 * within a class all others change by the same factor. What lived when the profiler started, as far as it
 * can still be there, and classes without a sample, have frames of their own.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/stat.h"
#include "format.h"
#include "profile.h"

/* A size class, or (0) all blocks over 32 KiB. */
struct stratum {
    double live_objects; /* by the counters */
    double live_bytes;
    double free_bytes; /* free blocks in its spans, resident */
    double objects;    /* by the samples */
    double bytes;
    double loose_objects; /* of those, with every weight times 1 - p: what can be fitted */
    double loose_bytes;
    double before_objects; /* still there from before the start */
    double before_bytes;
    double fit_objects; /* l_c */
    double fit_bytes;
};

struct reading {
    const struct ac_view *view;
    const struct ac_state_profile *head;
    struct ac_profile *out;
    struct ac_snapshot now;
    size_t *site_of; /* a site of the segment to the profile's */
    uint32_t nsites;
    struct stratum strata[AC_STATE_MAX_CLASSES];
    double rates; /* in force at the samples that live, weighted by what they add to the variance */
    double rate_weights;
};

/* ---- stacks ---- */

void ac_profile_take_modules(struct ac_profile *out, const struct ac_view *view)
{
    const struct ac_state_module *row;
    for (uint32_t i = 0; (row = ac_view_row(view, AC_STATE_MODULES, i)) != NULL; i++) {
        char id[2 * sizeof(row->build_id) + 1] = "";
        char path[sizeof(row->path) + 1] = "";
        if (row->start == 0)
            continue;
        for (uint32_t k = 0; k < row->build_id_bytes && k < sizeof(row->build_id); k++)
            snprintf(id + 2 * (size_t)k, 3, "%02x", row->build_id[k]);
        memcpy(path, row->path, sizeof(row->path));
        ac_profile_add_module(out,
                              &(struct ac_profile_module){row->start, row->end, row->offset_bytes, path, id});
    }
}

static uint32_t frame_at(struct ac_profile *profile, uint64_t return_address)
{
    struct ac_profile_frame frame = {.address = return_address ? return_address - 1 : 0};
    for (size_t i = 0; i < profile->nmodules && frame.module == 0; i++) {
        if (frame.address >= profile->modules[i].start && frame.address < profile->modules[i].end)
            frame.module = (uint32_t)i + 1;
    }
    return ac_profile_frame(profile, &frame);
}

struct ac_profile_site *ac_profile_take_site(struct ac_profile *out, const struct ac_view *view, uint32_t i)
{
    uint32_t frames[UINT16_MAX + 2];
    size_t n = 0;
    const struct ac_state_site *row = ac_view_row(view, AC_STATE_SITES, i);
    for (uint32_t k = 0; row && k < row->nframes; k++) {
        const uint64_t *address = ac_view_row(view, AC_STATE_FRAMES, row->first_frame + k);
        if (!address)
            break;
        frames[n++] = frame_at(out, *address);
    }
    if (row && row->truncated)
        frames[n++] = ac_profile_named(out, AC_PROFILE_TRUNCATED);
    if (n == 0)
        frames[n++] = ac_profile_named(out, i == 0 ? AC_PROFILE_NO_ROOM : "[no stack]");
    return ac_profile_site(out, frames, n);
}

/* Of a sum of n weights: what the squares of equal ones come to. */
static double variance_of(double bytes, double objects, double sum, uint64_t n, double rate)
{
    if (n == 0 || objects <= 0 || rate <= 0)
        return 0;
    return sum * sum / (double)n * exp(-bytes / objects / rate);
}

static void add_pair(struct ac_profile_site *site, enum ac_profile_value objects, uint64_t weighted_objects,
                     uint64_t bytes, uint64_t n, double rate)
{
    double count = (double)weighted_objects / AC_STATE_WEIGHT_ONE;
    site->values[objects] += count;
    site->values[objects + 1] += (double)bytes;
    site->variances[objects] += variance_of((double)bytes, count, count, n, rate);
    site->variances[objects + 1] += variance_of((double)bytes, count, (double)bytes, n, rate);
}

static void add_site(struct reading *r, uint32_t i, const struct ac_state_site *row)
{
    struct ac_profile_site *site = ac_profile_take_site(r->out, r->view, i);
    double rate = (double)r->head->rate_bytes;
    bool at_peak = row->peak_epoch == r->head->peak_epoch;
    r->site_of[i] = (size_t)(site - r->out->sites);
    site->truncated |= row->truncated;
    site->taken += row->taken;
    site->raw_inuse_objects += (double)row->live_objects / AC_STATE_WEIGHT_ONE;
    site->raw_inuse_space += (double)row->live_bytes;
    add_pair(site, AC_PROFILE_ALLOC_OBJECTS, row->alloc_objects, row->alloc_bytes, row->taken, rate);
    add_pair(site, AC_PROFILE_PEAK_OBJECTS, at_peak ? row->peak_objects : row->live_objects,
             at_peak ? row->peak_bytes : row->live_bytes, row->taken, rate);
    site->short_objects += (double)row->short_objects / AC_STATE_WEIGHT_ONE;
    for (size_t k = 0; k < AC_STATE_LIFETIMES; k++)
        site->freed_objects[k] += (double)row->lifetime_objects[k] / AC_STATE_WEIGHT_ONE;
    site->grown += row->grown;
    site->grown_bytes += row->grown_bytes;
}

static void add_sites(struct reading *r)
{
    const struct ac_state_site *row;
    while (ac_view_row(r->view, AC_STATE_SITES, r->nsites))
        r->nsites++;
    r->site_of = ac_zeroed(r->nsites, sizeof(*r->site_of));
    for (uint32_t i = 0; i < r->nsites && (row = ac_view_row(r->view, AC_STATE_SITES, i)) != NULL; i++)
        add_site(r, i, row);
}

/* ---- what lives ---- */

/* The next sample in use, from *inout_i on. */
static const struct ac_state_sample *next_sample(const struct reading *r, uint32_t *inout_i)
{
    const struct ac_state_sample *row;
    while ((row = ac_view_row(r->view, AC_STATE_SAMPLES, (*inout_i)++)) != NULL) {
        if (row->address != 0 && row->site < r->nsites && row->class < AC_STATE_MAX_CLASSES &&
            row->weight_objects >= AC_STATE_WEIGHT_ONE)
            return row;
    }
    return NULL;
}

static double weight(const struct ac_state_sample *row)
{
    return (double)row->weight_objects / AC_STATE_WEIGHT_ONE;
}

/* 1 - p: how uncertain it was that the block would be sampled. */
static double doubt(const struct ac_state_sample *row)
{
    return 1 - 1 / weight(row);
}

static void count_live(struct reading *r)
{
    const struct ac_state_center *center;
    r->strata[0].live_objects = (double)r->now.stats[AC_STAT_large_live_objects];
    r->strata[0].live_bytes = (double)r->now.stats[AC_STAT_large_live_bytes];
    for (size_t c = 1; c < AC_STATE_MAX_CLASSES; c++) {
        const struct ac_state_class *row = &r->now.classes[c];
        r->strata[c].live_objects = (double)row->live_objects;
        r->strata[c].live_bytes = (double)row->live_objects * row->size_bytes;
        r->strata[c].free_bytes = (double)row->free_objects * row->size_bytes;
    }
    for (uint32_t i = 0; (center = ac_view_row(r->view, AC_STATE_CENTERS, i)) != NULL; i++) {
        if (center->class > 0 && center->class < AC_STATE_MAX_CLASSES)
            r->strata[center->class].free_bytes -= (double)center->purged_bytes;
    }
}

static void sum_samples(struct reading *r)
{
    const struct ac_state_sample *row;
    for (uint32_t i = 0; (row = next_sample(r, &i)) != NULL;) {
        struct stratum *s = &r->strata[row->class];
        double bytes = weight(row) * (double)row->usable_bytes;
        s->objects += weight(row);
        s->bytes += bytes;
        s->loose_objects += weight(row) * doubt(row);
        s->loose_bytes += bytes * doubt(row);
        if (doubt(row) <= 0)
            continue;
        r->rates -= bytes * doubt(row) * (double)row->usable_bytes / log(doubt(row));
        r->rate_weights += bytes * doubt(row);
    }
}

static double within(double number, double least, double most)
{
    return number < least ? least : number > most ? most : number;
}

/* l for the samples' sum to become `wanted`. A block in use is at least itself: no weight falls under 1. */
static double fit(double wanted, double sum, double loose)
{
    return loose > 0 ? within((wanted - sum) / loose, -1, INFINITY) : 0;
}

static void fit_strata(struct reading *r)
{
    for (size_t c = 0; c < AC_STATE_MAX_CLASSES; c++) {
        struct stratum *s = &r->strata[c];
        s->before_objects = within(s->live_objects - s->objects, 0, (double)r->head->before_objects[c]);
        s->before_bytes = within(s->live_bytes - s->bytes, 0, (double)r->head->before_bytes[c]);
        s->fit_objects = fit(s->live_objects - s->before_objects, s->objects, s->loose_objects);
        s->fit_bytes = fit(s->live_bytes - s->before_bytes, s->bytes, s->loose_bytes);
        s->free_bytes = s->free_bytes > 0 ? s->free_bytes : 0;
    }
}

/* Free bytes of the class's spans for every byte in use. */
static double pinned(const struct stratum *s)
{
    return s->live_bytes > 0 ? s->free_bytes / s->live_bytes : 0;
}

static void add_live(struct ac_profile_site *site, enum ac_profile_value value, double amount,
                     double variance)
{
    site->values[value] += amount;
    site->variances[value] += variance;
}

static void add_sample(struct reading *r, const struct ac_state_sample *row)
{
    const struct stratum *s = &r->strata[row->class];
    struct ac_profile_site *site = &r->out->sites[r->site_of[row->site]];
    double usable = (double)row->usable_bytes;
    double requested = row->requested_bytes < row->usable_bytes ? (double)row->requested_bytes : usable;
    double waste = usable - requested + usable * pinned(s);
    double objects = weight(row) * (1 + s->fit_objects * doubt(row));
    double copies = weight(row) * (1 + s->fit_bytes * doubt(row));
    double of_one = copies * copies * doubt(row);
    site->live++;
    add_live(site, AC_PROFILE_INUSE_OBJECTS, objects, objects * objects * doubt(row));
    add_live(site, AC_PROFILE_INUSE_SPACE, copies * usable, of_one * usable * usable);
    add_live(site, AC_PROFILE_REQUESTED_SPACE, copies * requested, of_one * requested * requested);
    add_live(site, AC_PROFILE_WASTE_SPACE, copies * waste, of_one * waste * waste);
}

/* What no sample stands for, under a name. */
static void add_rest(struct reading *r, const char *name, double objects, double bytes, double waste)
{
    if (objects < 0.5 && bytes < 0.5)
        return;
    uint32_t frame = ac_profile_named(r->out, name);
    struct ac_profile_site *site = ac_profile_site(r->out, &frame, 1);
    site->unsampled = true;
    add_live(site, AC_PROFILE_INUSE_OBJECTS, objects, 0);
    add_live(site, AC_PROFILE_INUSE_SPACE, bytes, 0);
    add_live(site, AC_PROFILE_REQUESTED_SPACE, bytes, 0);
    add_live(site, AC_PROFILE_WASTE_SPACE, waste, 0);
}

static void add_rests(struct reading *r)
{
    double before[3] = {0};
    double rest[3] = {0};
    for (size_t c = 0; c < AC_STATE_MAX_CLASSES; c++) {
        const struct stratum *s = &r->strata[c];
        double objects = s->objects + s->fit_objects * s->loose_objects;
        double bytes = s->bytes + s->fit_bytes * s->loose_bytes;
        double left = s->live_bytes - s->before_bytes - bytes;
        before[0] += s->before_objects;
        before[1] += s->before_bytes;
        before[2] += s->before_bytes * pinned(s);
        rest[0] += s->live_objects - s->before_objects - objects;
        rest[1] += left;
        rest[2] += left * pinned(s);
    }
    add_rest(r, AC_PROFILE_BEFORE, before[0], before[1], before[2]);
    add_rest(r, AC_PROFILE_UNSAMPLED, rest[0], rest[1], rest[2]);
}

static void add_all_live(struct reading *r)
{
    const struct ac_state_sample *row;
    count_live(r);
    sum_samples(r);
    fit_strata(r);
    for (uint32_t i = 0; (row = next_sample(r, &i)) != NULL;)
        add_sample(r, row);
    add_rests(r);
    if (r->rate_weights > 0)
        r->out->mean_rate_bytes = (uint64_t)llround(r->rates / r->rate_weights);
}

/* ---- the whole ---- */

static void add_head(struct reading *r)
{
    const struct ac_state *state = r->view->state;
    const struct ac_state_profile *head = r->head;
    struct ac_profile *out = r->out;
    uint64_t seen = state->tick_ns > state->now.time_ns ? state->tick_ns : state->now.time_ns;
    uint64_t end = head->stopped_ns ? head->stopped_ns : seen;
    out->has = AC_PROFILE_HAS(AC_PROFILE_NVALUES) - 1;
    out->has_errors = true;
    out->is_fitted = true;
    out->rate_bytes = head->rate_bytes;
    out->duration_ns = end > head->started_ns ? (int64_t)(end - head->started_ns) : 0;
    out->time_ns = (int64_t)(head->started_wall_ns + (uint64_t)out->duration_ns);
    out->taken = head->taken;
    out->freed = head->freed;
    out->dropped_sites = head->dropped_sites;
    out->dropped_samples = head->dropped_samples;
    out->pid = (int32_t)state->pid;
}

static void add_comments(struct reading *r)
{
    struct ac_profile *out = r->out;
    char text[AC_TEXT_BYTES];
    char line[1024] = "";
    double objects = 0;
    double bytes = 0;
    for (size_t i = 0; i < out->nsites; i++) {
        objects += out->sites[i].raw_inuse_objects;
        bytes += out->sites[i].raw_inuse_space;
    }
    ac_profile_comment(out,
                       "process %" PRId32 " on acre %.31s: a sample every %s, %" PRIu64 " taken, %" PRIu64
                       " of them freed",
                       out->pid, r->view->state->library, ac_format_bytes((int64_t)out->rate_bytes, text),
                       out->taken, out->freed);
    ac_profile_comment(out, AC_PROFILE_FITTED " by the samples alone it is %.0f objects, %.0f bytes", objects,
                       bytes);
    if (out->dropped_sites || out->dropped_samples)
        ac_profile_comment(out,
                           "dropped: %" PRIu64 " samples had no room for their stacks, %" PRIu64
                           " none for their blocks",
                           out->dropped_sites, out->dropped_samples);
    for (size_t i = 0; i < AC_STAT_COUNT && i < r->view->state->nstats; i++) {
        size_t at = strlen(line);
        if (r->now.stats[i] == 0)
            continue;
        snprintf(line + at, sizeof(line) - at, " %s=%" PRIu64, ac_stat_row[i].name, r->now.stats[i]);
    }
    ac_profile_comment(out, "counters:%s", line);
}

bool ac_profile_from_view(const struct ac_view *view, struct ac_profile *out, char *why)
{
    static struct reading r;
    r = (struct reading){.view = view, .out = out, .head = ac_view_row(view, AC_STATE_PROFILE, 0)};
    if (!r.head || r.head->runs == 0) {
        snprintf(why, AC_PROFILE_WHY_BYTES,
                 "process %" PRIu32 " has no heap profile: its profiler was never on; `acre profile %" PRIu32
                 "` starts it, ACRE_CONF=profile=1 does so from the beginning",
                 view->state->pid, view->state->pid);
        return false;
    }
    ac_view_sum(view, &r.now);
    add_head(&r);
    ac_profile_take_modules(out, view);
    add_sites(&r);
    add_all_live(&r);
    add_comments(&r);
    free(r.site_of);
    return true;
}

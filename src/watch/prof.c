/* SPDX-License-Identifier: MIT
 *
 * THEORY: docs/design/profiler.md.
 */
#include "watch/prof.h"

#include "core/option.h"
#include "core/segment.h"
#include "os/lock.h"
#include "os/os.h"
#include "watch/prof_draw.h"
#include "watch/prof_modules.h"
#include "watch/prof_store.h"

#define MAX_DEPTH 64u
#define SECOND_NS 1000000000u
/* Samples of all threads in a second beyond which the rate doubles. */
#define BUDGET 500u
#define MAX_RATE_BYTES ((uint64_t)1 << 40)
#define THREAD_SLOTS 4096u

uint32_t ac_prof_epoch;
uint64_t ac_prof_rate_bytes;

static struct {
    struct ac_lock lock;
    uint32_t window_taken; /* samples since window_ns               */
    uint64_t window_ns;
    uint64_t prepared_rate_bytes;
    size_t mapped_bytes;             /* when that was last looked at          */
    uint32_t taken_by[THREAD_SLOTS]; /* samples of threads, by their id       */
} prof;

struct stack {
    uintptr_t frames[MAX_DEPTH + 1];
    unsigned n;
    bool truncated;
};

static void stack_take(struct stack *out)
{
    out->n = ac_os_unwind(out->frames, MAX_DEPTH + 1);
    out->truncated = out->n > MAX_DEPTH;
    if (out->truncated)
        out->n = MAX_DEPTH;
}

/* ---- begin and end ---- */

bool ac_prof_prepare(size_t rate_bytes, uint32_t me)
{
    ac_lock(&prof.lock, me);
    bool ok = ac_prof_store_reset(rate_bytes <= AC_PROF_EXACT_BYTES);
    if (ok) {
        struct ac_state_profile *p = ac_prof_store.profile;
        p->rate_bytes = rate_bytes;
        p->started_ns = ac_os_exact_ns();
        p->started_wall_ns = ac_os_calendar_ns();
        p->max_depth = MAX_DEPTH;
        p->peak_epoch = 1;
        prof.prepared_rate_bytes = rate_bytes;
        prof.window_taken = 0;
        prof.window_ns = p->started_ns;
        prof.mapped_bytes = SIZE_MAX;
    }
    ac_unlock(&prof.lock);
    return ok;
}

void ac_prof_set_before(unsigned class, uint64_t objects, uint64_t bytes)
{
    ac_prof_store.profile->before_objects[class] = objects;
    ac_prof_store.profile->before_bytes[class] = bytes;
}

void ac_prof_go(void)
{
    struct ac_state_profile *p = ac_prof_store.profile;
    ac_store_rel(&p->state, (uint32_t)AC_STATE_PROFILE_ON);
    ac_store_rel(&p->runs, p->runs + 1);
    ac_segment_note_profile();
    ac_segment_show_used_bytes();
    ac_store_rel(&ac_prof_rate_bytes, prof.prepared_rate_bytes);
}

void ac_prof_halt(uint32_t me)
{
    ac_lock(&prof.lock, me);
    struct ac_state_profile *p = ac_prof_store.profile;
    ac_store_rlx(&ac_prof_rate_bytes, (uint64_t)0);
    ac_prof_modules_read(true);
    p->stopped_ns = ac_os_exact_ns();
    ac_store_rel(&p->state, (uint32_t)AC_STATE_PROFILE_STOPPED);
    ac_unlock(&prof.lock);
}

/* A handler that forked inside the profiler has left its tables as they were: they are not touched again. */
bool ac_prof_recover(uint32_t me)
{
    bool torn = ac_lock_was_torn(&prof.lock, me);
    if (!ac_prof_is_on())
        return false;
    if (!torn && prof.lock.word != 0) {
        ac_store_rlx(&ac_prof_rate_bytes, (uint64_t)0);
        ac_store_rlx(&ac_prof_epoch, ac_prof_epoch + 1);
        return false;
    }
    return true;
}

void ac_prof_hold(uint32_t me)
{
    ac_lock(&prof.lock, me);
}

void ac_prof_let_go(void)
{
    ac_unlock(&prof.lock);
}

const struct ac_state_profile *ac_prof_profile(void)
{
    return ac_prof_store.profile;
}

const void *ac_prof_rows(enum ac_state_section_id id)
{
    const struct ac_prof_store *s = &ac_prof_store;
    return id == AC_STATE_SITES     ? (const void *)s->sites
           : id == AC_STATE_SAMPLES ? (const void *)s->samples
           : id == AC_STATE_FRAMES  ? (const void *)s->frames
                                    : NULL;
}

const struct ac_state_sample *ac_prof_samples(size_t *out_n)
{
    *out_n = ac_prof_store.nsamples;
    return ac_prof_store.samples;
}

/* ---- countdowns ---- */

void ac_prof_thread_start(struct ac_prof_thread *thread, uint32_t me)
{
    uint64_t words[2];
    ac_os_entropy(words);
    thread->random = words[0] ^ ac_os_exact_ns() * 0x9e3779b97f4a7c15u ^ (uint64_t)me << 32;
    thread->rate_bytes = 0;
}

/* What was drawn at another rate is drawn anew: no distribution but the exponential would allow it. */
static bool may_sample(struct ac_prof_thread *thread)
{
    uint64_t rate = ac_load_acq(&ac_prof_rate_bytes);
    if (AC_UNLIKELY(rate != thread->rate_bytes)) {
        for (unsigned c = 0; c < AC_NCLASSES; c++)
            thread->left[c] = 0;
        thread->left_bytes = 0;
        thread->rate_bytes = rate;
    }
    return rate != 0;
}

uint64_t ac_prof_left(struct ac_prof_thread *thread, unsigned class)
{
    if (!may_sample(thread))
        return UINT64_MAX;
    if (thread->left[class] == 0)
        thread->left[class] =
            ac_prof_distance(&thread->random, thread->rate_bytes, ac_sizeclass[class].size_bytes);
    return thread->left[class];
}

bool ac_prof_count_large(struct ac_prof_thread *thread, size_t usable_bytes)
{
    if (!may_sample(thread))
        return false;
    if (thread->rate_bytes <= AC_PROF_EXACT_BYTES)
        return true;
    if (thread->left_bytes == 0)
        thread->left_bytes = ac_prof_distance(&thread->random, thread->rate_bytes, 1);
    bool hit = thread->left_bytes <= usable_bytes;
    thread->left_bytes = hit ? 0 : thread->left_bytes - usable_bytes;
    return hit;
}

/* ---- samples ---- */

static uint64_t weighted(uint64_t bytes, uint64_t weight_objects)
{
    return bytes * weight_objects / AC_STATE_WEIGHT_ONE;
}

/* Before the live sums of a site change: keep what they were at the peak, if it was since the last change. */
static void site_touch(struct ac_state_site *site)
{
    uint32_t epoch = ac_prof_store.profile->peak_epoch;
    if (site->peak_epoch == epoch)
        return;
    ac_store_rlx(&site->peak_objects, site->live_objects);
    ac_store_rlx(&site->peak_bytes, site->live_bytes);
    ac_store_rel(&site->peak_epoch, epoch);
}

static void count_peak(struct ac_state_profile *p, uint64_t now_ns)
{
    if (p->live_bytes <= p->peak_bytes)
        return;
    ac_store_rlx(&p->peak_bytes, p->live_bytes);
    ac_store_rlx(&p->peak_ns, now_ns);
    ac_store_rel(&p->peak_epoch, p->peak_epoch + 1);
}

static void site_add(struct ac_state_site *site, const struct ac_state_sample *s, bool lives)
{
    uint64_t bytes = weighted(s->usable_bytes, s->weight_objects);
    struct ac_state_profile *p = ac_prof_store.profile;
    ac_count_add(&site->taken, 1);
    ac_count_add(&site->alloc_objects, s->weight_objects);
    ac_count_add(&site->alloc_bytes, bytes);
    if (!lives)
        return;
    site_touch(site);
    ac_count_add(&site->live_objects, s->weight_objects);
    ac_count_add(&site->live_bytes, bytes);
    ac_count_add(&site->live_requested_bytes, weighted(s->requested_bytes, s->weight_objects));
    ac_count_add(&p->live_bytes, bytes);
    count_peak(p, s->born_ns);
}

static unsigned lifetime_index(uint64_t ns)
{
    unsigned i = 0;
    for (uint64_t bound = 1000; ns >= bound && i < AC_STATE_LIFETIMES - 1; bound *= 4)
        i++;
    return i;
}

static void sample_end(struct ac_state_sample *s)
{
    struct ac_state_profile *p = ac_prof_store.profile;
    struct ac_state_site *site = &ac_prof_store.sites[s->site];
    uint64_t bytes = weighted(s->usable_bytes, s->weight_objects);
    uint32_t by = (uint32_t)(s->sequence >> 32);
    site_touch(site);
    ac_count_add(&site->freed, 1);
    ac_count_add(&site->live_objects, -s->weight_objects);
    ac_count_add(&site->live_bytes, -bytes);
    ac_count_add(&site->live_requested_bytes, -weighted(s->requested_bytes, s->weight_objects));
    ac_count_add(&site->lifetime_objects[lifetime_index(ac_os_exact_ns() - s->born_ns)], s->weight_objects);
    if (prof.taken_by[by] == (uint32_t)s->sequence)
        ac_count_add(&site->short_objects, s->weight_objects);
    ac_count_add(&p->freed, 1);
    ac_count_add(&p->live_bytes, -bytes);
    ac_prof_store_drop(s);
}

/* Too many in too short a time cost too much, and so many are not needed. */
static void keep_budget(uint64_t now_ns)
{
    uint64_t rate = ac_prof_rate_bytes;
    if (rate <= AC_PROF_EXACT_BYTES || ++prof.window_taken <= BUDGET)
        return;
    if (now_ns - prof.window_ns < SECOND_NS && rate < MAX_RATE_BYTES) {
        ac_store_rlx(&ac_prof_rate_bytes, rate * 2);
        ac_store_rlx(&ac_prof_store.profile->rate_bytes, rate * 2);
    }
    prof.window_taken = 0;
    prof.window_ns = now_ns;
}

static struct ac_state_site *site_of(const struct stack *stack, uint32_t *out_index)
{
    bool is_new;
    *out_index = ac_prof_store_site(stack->frames, stack->n, stack->truncated, &is_new);
    if (is_new)
        ac_prof_modules_cover(stack->frames, stack->n);
    return &ac_prof_store.sites[*out_index];
}

static void take_locked(const struct ac_state_sample *s, const struct stack *stack)
{
    struct ac_state_sample *old = ac_prof_store_find((const void *)(uintptr_t)s->address);
    uint32_t index;
    if (old != NULL) /* its free was not seen: a handler's, at a start */
        sample_end(old);
    struct ac_state_site *site = site_of(stack, &index);
    struct ac_state_sample *row = ac_prof_store_add((const void *)(uintptr_t)s->address);
    site_add(site, s, row != NULL);
    ac_count_add(&ac_prof_store.profile->taken, 1);
    if (row == NULL) {
        ac_count_add(&ac_prof_store.profile->dropped_samples, 1);
        return;
    }
    uint32_t next = row->next;
    uint32_t by = s->tid % THREAD_SLOTS;
    struct ac_state_sample fresh = *s;
    fresh.address = 0;
    fresh.next = next;
    fresh.site = index;
    fresh.sequence = (uint64_t)by << 32 | ++prof.taken_by[by];
    *row = fresh;
    ac_store_rel(&row->address, s->address);
}

void ac_prof_take(const struct ac_prof_thread *thread, const void *block, unsigned class, size_t usable_bytes,
                  size_t requested_bytes, uint32_t me)
{
    struct stack stack;
    struct ac_state_sample sample = {.address = (uintptr_t)block,
                                     .born_ns = ac_os_exact_ns(),
                                     .requested_bytes = requested_bytes,
                                     .usable_bytes = usable_bytes,
                                     .weight_objects = ac_prof_weight(thread->rate_bytes, usable_bytes),
                                     .tid = ac_os_thread_id(),
                                     .class = class};
    stack_take(&stack);
    ac_lock(&prof.lock, me);
    if (ac_prof_rate_bytes != 0) {
        take_locked(&sample, &stack);
        keep_budget(sample.born_ns);
    }
    ac_unlock(&prof.lock);
}

void ac_prof_forget(const void *block, uint32_t me)
{
    ac_lock(&prof.lock, me);
    struct ac_state_sample *sample = ac_prof_rate_bytes != 0 ? ac_prof_store_find(block) : NULL;
    if (sample != NULL)
        sample_end(sample);
    ac_unlock(&prof.lock);
}

void ac_prof_resize(const void *block, size_t requested_bytes, uint32_t me)
{
    ac_lock(&prof.lock, me);
    struct ac_state_sample *s = ac_prof_rate_bytes != 0 ? ac_prof_store_find(block) : NULL;
    if (s != NULL) {
        struct ac_state_site *site = &ac_prof_store.sites[s->site];
        ac_count_add(&site->live_requested_bytes, weighted(requested_bytes, s->weight_objects) -
                                                      weighted(s->requested_bytes, s->weight_objects));
        ac_store_rlx(&s->requested_bytes, requested_bytes);
    }
    ac_unlock(&prof.lock);
}

/* What comes back is the next one's to take again. */
bool ac_prof_is_growth(size_t mapped_bytes)
{
    size_t before = ac_load_rlx(&prof.mapped_bytes);
    if (AC_UNLIKELY(mapped_bytes < before))
        ac_store_rlx(&prof.mapped_bytes, mapped_bytes);
    return mapped_bytes > before;
}

void ac_prof_note_growth(size_t mapped_bytes, uint32_t me)
{
    struct stack stack;
    uint32_t index;
    stack_take(&stack);
    ac_lock(&prof.lock, me);
    if (ac_prof_rate_bytes != 0 && mapped_bytes > prof.mapped_bytes) {
        struct ac_state_site *site = site_of(&stack, &index);
        ac_count_add(&site->grown, 1u);
        ac_count_add(&site->grown_bytes, mapped_bytes - prof.mapped_bytes);
        ac_store_rlx(&prof.mapped_bytes, mapped_bytes);
    }
    ac_unlock(&prof.lock);
}

/* SPDX-License-Identifier: MIT */
#include "watch/prof_store.h"

#include "base/bits.h"
#include "core/addresses.h"
#include "core/segment.h"
#include "os/os.h"
#include "watch/prof.h"

#include <string.h>

#define SITE_HEADS AC_STATE_MAX_SITES
#define SAMPLE_HEADS 65536u
#define MANY_SAMPLES (4u << 20)
#define FILTER_BITS (1u << AC_PROF_FILTER_LOG2)

struct ac_prof_store ac_prof_store;
uint64_t *ac_prof_filter;

/* Emptied together; never written but under the lock. */
struct tables {
    uint64_t filter[FILTER_BITS / 64];
    uint8_t filter_counts[FILTER_BITS];
    uint32_t site_heads[SITE_HEADS];
    uint32_t sample_heads[SAMPLE_HEADS];
};

/* Where there is no segment the rows are the process's own. */
struct rows {
    struct ac_state_profile profile;
    struct ac_state_site sites[AC_STATE_MAX_SITES];
    struct ac_state_sample samples[AC_STATE_MAX_SAMPLES];
    uint64_t frames[AC_STATE_MAX_FRAMES];
    struct ac_state_module modules[AC_STATE_MAX_MODULES];
};

static struct tables *tables;
static struct rows *own_rows;
static struct ac_state_sample *many; /* more than the segment has room for */

static void *map_own(size_t bytes)
{
    bytes = ac_align_up(bytes, ac_os_page_size());
    void *addr = ac_os_map(0, bytes);
    if (addr != NULL)
        ac_addresses_add_own(addr, bytes);
    return addr;
}

static bool find_rows(struct ac_prof_store *store)
{
    if (ac_segment_state() != NULL) {
        store->profile = ac_segment_rows(AC_STATE_PROFILE);
        store->sites = ac_segment_rows(AC_STATE_SITES);
        store->samples = ac_segment_rows(AC_STATE_SAMPLES);
        store->frames = ac_segment_rows(AC_STATE_FRAMES);
        store->modules = ac_segment_rows(AC_STATE_MODULES);
        return true;
    }
    if (own_rows == NULL)
        own_rows = map_own(sizeof *own_rows);
    if (own_rows == NULL)
        return false;
    store->profile = &own_rows->profile;
    store->sites = own_rows->sites;
    store->samples = own_rows->samples;
    store->frames = own_rows->frames;
    store->modules = own_rows->modules;
    return true;
}

/* Who asks for what is unreachable at the exit wants every block, and has the process itself read them. */
static void make_room_for_many(struct ac_prof_store *store)
{
    const struct ac_state *state = ac_segment_state();
    if (state == NULL || ac_load_rlx(&state->control.leaks_at_exit) == 0)
        return;
    if (many == NULL)
        many = map_own(MANY_SAMPLES * sizeof *many);
    if (many == NULL)
        return;
    store->samples = many;
    store->max_samples = MANY_SAMPLES;
}

/* The profile's counts say how far rows were used. */
static void clear_rows(struct ac_prof_store *store)
{
    struct ac_state_profile *p = store->profile;
    uint32_t runs = p->runs;
    memset(store->sites, 0, p->nsites * sizeof *store->sites);
    memset(store->samples, 0, p->nsamples * sizeof *store->samples);
    store->nsamples = 0;
    store->max_samples = AC_STATE_MAX_SAMPLES;
    memset(store->modules, 0, p->nmodules * sizeof *store->modules);
    memset(p, 0, sizeof *p);
    p->runs = runs;
}

bool ac_prof_store_reset(bool all)
{
    struct ac_prof_store *store = &ac_prof_store;
    size_t bytes = ac_align_up(sizeof *tables, ac_os_page_size());
    if (tables == NULL)
        tables = map_own(sizeof *tables);
    else if (!ac_os_purge(tables, bytes))
        memset(tables, 0, sizeof *tables);
    if (tables == NULL || !find_rows(store))
        return false;
    clear_rows(store);
    if (all)
        make_room_for_many(store);
    store->site_heads = tables->site_heads;
    store->sample_heads = tables->sample_heads;
    store->filter_counts = tables->filter_counts;
    store->free_sample = 0;
    store->profile->nsites = 1; /* that of the stacks for which there is no room */
    ac_store_rel(&ac_prof_filter, tables->filter);
    return true;
}

/* ---- sites ---- */

static uint32_t hash_frames(const uintptr_t *frames, unsigned n)
{
    uint64_t hash = n;
    for (unsigned i = 0; i < n; i++)
        hash = (hash ^ frames[i]) * 0x9e3779b97f4a7c15u ^ hash >> 29;
    return (uint32_t)(hash >> 32 ^ hash);
}

static bool is_same(const struct ac_state_site *site, const uintptr_t *frames, unsigned n)
{
    const uint64_t *kept = ac_prof_store.frames + site->first_frame;
    for (unsigned i = 0; i < n; i++) {
        if (kept[i] != frames[i])
            return false;
    }
    return true;
}

uint32_t ac_prof_store_site(const uintptr_t *frames, unsigned n, bool truncated, bool *out_new)
{
    struct ac_prof_store *store = &ac_prof_store;
    struct ac_state_profile *p = store->profile;
    uint32_t hash = hash_frames(frames, n);
    uint32_t *head = &store->site_heads[hash % SITE_HEADS];
    *out_new = false;
    for (uint32_t i = *head; i != 0; i = store->sites[i].next) {
        const struct ac_state_site *site = &store->sites[i];
        if (site->hash == hash && site->nframes == n && is_same(site, frames, n))
            return i;
    }
    if (p->nsites == AC_STATE_MAX_SITES || p->nframes + n > AC_STATE_MAX_FRAMES) {
        ac_count_add(&p->dropped_sites, 1);
        return 0;
    }
    struct ac_state_site *site = &store->sites[p->nsites];
    for (unsigned i = 0; i < n; i++)
        store->frames[p->nframes + i] = frames[i];
    *site = (struct ac_state_site){.first_frame = p->nframes,
                                   .nframes = (uint16_t)n,
                                   .truncated = truncated,
                                   .next = *head,
                                   .hash = hash};
    ac_store_rel(&p->nframes, p->nframes + n);
    *head = p->nsites;
    ac_store_rel(&p->nsites, p->nsites + 1);
    *out_new = true;
    return *head;
}

/* ---- samples ---- */

static uint32_t *sample_head(const void *block)
{
    return &ac_prof_store.sample_heads[ac_prof_hash(block) % SAMPLE_HEADS];
}

static void filter_add(const void *block, int n)
{
    uint32_t hash = ac_prof_hash(block);
    uint8_t *count = &ac_prof_store.filter_counts[hash];
    uint64_t bit = (uint64_t)1 << hash % 64;
    uint64_t *word = &ac_prof_filter[hash / 64];
    if (*count == UINT8_MAX) /* so many that it is set for good */
        return;
    *count = (uint8_t)(*count + n);
    ac_store_rlx(word, *count != 0 ? *word | bit : *word & ~bit);
}

struct ac_state_sample *ac_prof_store_add(const void *block)
{
    struct ac_prof_store *store = &ac_prof_store;
    struct ac_state_profile *p = store->profile;
    uint32_t row = store->free_sample;
    if (row != 0) {
        store->free_sample = store->samples[row - 1].next;
    } else if (store->nsamples < store->max_samples) {
        row = ++store->nsamples;
        if (store->samples != many)
            ac_store_rel(&p->nsamples, row);
    } else {
        return NULL;
    }
    uint32_t *head = sample_head(block);
    struct ac_state_sample *sample = &store->samples[row - 1];
    sample->next = *head;
    *head = row;
    filter_add(block, 1);
    return sample;
}

struct ac_state_sample *ac_prof_store_find(const void *block)
{
    struct ac_prof_store *store = &ac_prof_store;
    for (uint32_t row = *sample_head(block); row != 0; row = store->samples[row - 1].next) {
        if (store->samples[row - 1].address == (uintptr_t)block)
            return &store->samples[row - 1];
    }
    return NULL;
}

void ac_prof_store_drop(struct ac_state_sample *sample)
{
    struct ac_prof_store *store = &ac_prof_store;
    const void *block = (const void *)(uintptr_t)sample->address;
    uint32_t row = (uint32_t)(sample - store->samples) + 1;
    uint32_t *link = sample_head(block);
    while (*link != row)
        link = &store->samples[*link - 1].next;
    *link = sample->next;
    ac_store_rel(&sample->address, (uint64_t)0);
    sample->next = store->free_sample;
    store->free_sample = row;
    filter_add(block, -1);
}

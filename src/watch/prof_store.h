/* SPDX-License-Identifier: MIT
 *
 * prof_store.h -- the profiler's rows and the tables by which they are found.
 *
 * Knows:      where rows lie, the hash tables over sites and samples, the filter of addresses.
 * Does not know: what a sum means.
 * Invariants: PS1 a row in use is on the chain of its hash, once; PS2 a bit of the filter is set while a
 *             sample with that hash lives.
 * Threads:    the caller holds the profiler's lock; readers of the filter and other processes hold none.
 */
#ifndef AC_WATCH_PROF_STORE_H
#define AC_WATCH_PROF_STORE_H

#include "core/state.h"

#include <stdbool.h>
#include <stddef.h>

struct ac_prof_store {
    struct ac_state_profile *profile;
    struct ac_state_site *sites;
    struct ac_state_sample *samples;
    uint32_t nsamples; /* rows ever used */
    uint32_t max_samples;
    uint64_t *frames;
    struct ac_state_module *modules;
    uint32_t *site_heads;
    uint32_t *sample_heads;
    uint8_t *filter_counts;
    uint32_t free_sample; /* 1 + row; 0: none */
};

extern struct ac_prof_store ac_prof_store;

/* Map the tables, once, and empty them and all rows. all: every block will be sampled. False when there is no
 * memory. */
bool ac_prof_store_reset(bool all);

/* The site of a stack; a new one says so. Site 0 when there is no room. */
uint32_t ac_prof_store_site(const uintptr_t *frames, unsigned n, bool truncated, bool *out_new);

/* A row for a block's sample, and the row of one; NULL when there is none. */
struct ac_state_sample *ac_prof_store_add(const void *block);
struct ac_state_sample *ac_prof_store_find(const void *block);
void ac_prof_store_drop(struct ac_state_sample *sample);

#endif

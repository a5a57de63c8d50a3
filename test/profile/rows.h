/* SPDX-License-Identifier: MIT
 *
 * rows.h -- the profile of this very process, as the state segment shows it to others; and sites known by the
 * section of code that their innermost call is in.
 */
#ifndef AC_TEST_PROFILE_ROWS_H
#define AC_TEST_PROFILE_ROWS_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/state.h"
#include "support/check.h"

/* A function that allocates, in a section of its own. The call may not be its last: that would be a jump. */
#define SITE(name) __attribute__((noinline, noclone, section("site_" #name)))
#define SITE_BOUNDS(name) extern const char __start_site_##name[], __stop_site_##name[]
#define SITE_SUMS(name) rows_sum(__start_site_##name, __stop_site_##name)

static struct ac_state *rows_state;

__attribute__((unused)) static void rows_find(void)
{
    char line[512];
    unsigned long start = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    while (start == 0 && fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, AC_STATE_NAME) != NULL)
            sscanf(line, "%lx", &start);
    }
    fclose(maps);
    CHECK(start != 0);
    rows_state = (struct ac_state *)start;
    CHECK_EQ(rows_state->version, AC_STATE_VERSION);
}

__attribute__((unused)) static void *rows_of(enum ac_state_section_id id)
{
    for (unsigned i = 0; i < AC_STATE_MAX_SECTIONS; i++) {
        if (rows_state->sections[i].id == (uint32_t)id)
            return (char *)rows_state + rows_state->sections[i].offset_bytes;
    }
    check_failed(__FILE__, __LINE__, "a section");
}

__attribute__((unused)) static struct ac_state_profile *rows_profile(void)
{
    return rows_of(AC_STATE_PROFILE);
}

/* All sites whose innermost call lies there. */
__attribute__((unused)) static struct ac_state_site rows_sum(const char *start, const char *end)
{
    const struct ac_state_site *sites = rows_of(AC_STATE_SITES);
    const uint64_t *frames = rows_of(AC_STATE_FRAMES);
    struct ac_state_site sum = {0};
    for (uint32_t i = 0; i < rows_profile()->nsites; i++) {
        const struct ac_state_site *s = &sites[i];
        uint64_t at = s->nframes != 0 ? frames[s->first_frame] - 1 : 0;
        if (at < (uintptr_t)start || at >= (uintptr_t)end)
            continue;
        sum.taken += s->taken;
        sum.freed += s->freed;
        sum.alloc_objects += s->alloc_objects;
        sum.alloc_bytes += s->alloc_bytes;
        sum.live_objects += s->live_objects;
        sum.live_bytes += s->live_bytes;
        sum.live_requested_bytes += s->live_requested_bytes;
        sum.short_objects += s->short_objects;
    }
    return sum;
}

/* Nothing is live: every sum is exactly 0, and no sample is in use. */
__attribute__((unused)) static void rows_check_all_freed(void)
{
    const struct ac_state_site *sites = rows_of(AC_STATE_SITES);
    const struct ac_state_sample *samples = rows_of(AC_STATE_SAMPLES);
    const struct ac_state_profile *p = rows_profile();
    for (uint32_t i = 0; i < p->nsites; i++) {
        CHECK_EQ(sites[i].live_objects, 0);
        CHECK_EQ(sites[i].live_bytes, 0);
        CHECK_EQ(sites[i].live_requested_bytes, 0);
        CHECK_EQ(sites[i].taken, sites[i].freed);
    }
    for (uint32_t i = 0; i < p->nsamples; i++)
        CHECK_EQ(samples[i].address, 0);
    CHECK_EQ(p->live_bytes, 0);
    CHECK_EQ(p->taken, p->freed);
    CHECK_EQ(p->dropped_samples, 0);
}

#endif

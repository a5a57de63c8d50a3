/* SPDX-License-Identifier: MIT
 *
 * symbol.c -- names for the frames of a profile.
 */
#include "symbol.h"

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

/* The frames that one without a name becomes. */
struct expansion {
    uint32_t first; /* in `runs` */
    uint32_t n;     /* 0: not looked up yet */
};

struct naming {
    struct ac_profile *profile;
    struct ac_symbolizer *symbolizer;
    struct ac_perf_map *jit;
    struct expansion *expansions; /* of the frames before any was named */
    uint32_t *runs;
    size_t nruns;
    size_t room;
};

/* The map in the pack that the profile came in, or the one of the process. */
static struct ac_perf_map *jit_map(const struct ac_profile *profile)
{
    int fd = ac_pack_open(profile->pack, AC_PACK_JIT);
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (in)
        return ac_perf_map_read(in);
    return profile->pid != 0 && !profile->pack ? ac_perf_map_open(profile->pid) : NULL;
}

static void add_run(struct naming *n, uint32_t frame)
{
    n->runs = ac_grow(n->runs, n->nruns, &n->room, 1, sizeof(*n->runs));
    n->runs[n->nruns++] = frame;
}

static struct ac_profile_frame named(const struct ac_profile_frame *bare, const struct ac_symbol *symbol,
                                     char text[AC_SYMBOL_NAME_BYTES])
{
    struct ac_profile_frame frame = *bare;
    frame.function = ac_symbol_demangle(symbol->name, text);
    frame.system_name = strcmp(frame.function, symbol->name) != 0 ? symbol->name : "";
    frame.file = symbol->file;
    frame.line = symbol->line;
    return frame;
}

static void look_up(struct naming *n, uint32_t number)
{
    struct ac_symbol symbols[AC_SYMBOL_MAX_INLINED];
    char text[AC_SYMBOL_NAME_BYTES];
    struct ac_profile_frame bare = n->profile->frames[number];
    size_t found = 0;
    n->expansions[number].first = (uint32_t)n->nruns;
    if (bare.function[0] == '\0' && bare.address != 0) {
        const char *jit = n->jit && bare.module == 0 ? ac_perf_map_at(n->jit, bare.address) : NULL;
        if (jit)
            symbols[found++] = (struct ac_symbol){jit, "", 0};
        else if (n->symbolizer)
            found = ac_symbolizer_at(n->symbolizer, bare.address, symbols);
    }
    for (size_t i = 0; i < found; i++) {
        struct ac_profile_frame frame = named(&bare, &symbols[i], text);
        frame.inlined = i + 1 < found;
        add_run(n, ac_profile_frame(n->profile, &frame));
    }
    if (found == 0)
        add_run(n, number);
    n->expansions[number].n = (uint32_t)(n->nruns - n->expansions[number].first);
}

/* All stacks anew, with the frames that they have become. */
static void rewrite(struct naming *n)
{
    struct ac_profile *profile = n->profile;
    uint32_t *stacks = NULL;
    size_t nstacks = 0;
    size_t room = 0;
    for (size_t i = 0; i < profile->nsites; i++) {
        struct ac_profile_site *site = &profile->sites[i];
        size_t first = nstacks;
        for (uint32_t k = 0; k < site->nframes; k++) {
            const struct expansion *e = &n->expansions[profile->stacks[site->first + k]];
            stacks = ac_grow(stacks, nstacks, &room, e->n, sizeof(*stacks));
            for (uint32_t m = 0; n->runs && m < e->n; m++)
                stacks[nstacks++] = n->runs[e->first + m];
        }
        site->first = first;
        site->nframes = (uint32_t)(nstacks - first);
    }
    ac_profile_replace_stacks(profile, stacks, nstacks, room);
}

void ac_profile_symbolize(struct ac_profile *profile)
{
    char why[AC_PROFILE_WHY_BYTES] = "";
    struct naming n = {.profile = profile};
    uint32_t nframes = (uint32_t)profile->nframes;
    if (profile->symbolized)
        return;
    n.expansions = ac_zeroed(nframes, sizeof(*n.expansions));
    n.jit = jit_map(profile);
    n.symbolizer = ac_symbolizer_open(profile, profile->pack ? 0 : profile->pid, why);
    if (!n.symbolizer)
        ac_error("functions are shown as addresses: %s", why);
    for (uint32_t i = 0; i < nframes; i++)
        look_up(&n, i);
    rewrite(&n);
    if (n.symbolizer)
        ac_symbolizer_close(n.symbolizer);
    if (n.jit)
        ac_perf_map_close(n.jit);
    free(n.expansions);
    free(n.runs);
    profile->symbolized = true;
}

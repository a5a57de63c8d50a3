/* SPDX-License-Identifier: MIT
 *
 * profile.c -- a heap profile in memory: how one is made, and what can be asked of it.
 */
#include "profile.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum room { ROOM_SITES, ROOM_STACKS, ROOM_FRAMES, ROOM_MODULES, ROOM_TEXTS, ROOM_COMMENTS };

static const struct {
    const char *name;
    const char *unit;
} values[AC_PROFILE_NVALUES] = {
    [AC_PROFILE_ALLOC_OBJECTS] = {"alloc_objects", "count"},
    [AC_PROFILE_ALLOC_SPACE] = {"alloc_space", "bytes"},
    [AC_PROFILE_INUSE_OBJECTS] = {"inuse_objects", "count"},
    [AC_PROFILE_INUSE_SPACE] = {"inuse_space", "bytes"},
    [AC_PROFILE_PEAK_OBJECTS] = {"peak_objects", "count"},
    [AC_PROFILE_PEAK_SPACE] = {"peak_space", "bytes"},
    [AC_PROFILE_REQUESTED_SPACE] = {"requested_space", "bytes"},
    [AC_PROFILE_WASTE_SPACE] = {"waste_space", "bytes"},
};

const char *ac_profile_value_name(enum ac_profile_value value)
{
    return values[value].name;
}

const char *ac_profile_value_unit(enum ac_profile_value value)
{
    return values[value].unit;
}

/* ---- texts ---- */

struct text_key {
    const char *text;
    size_t length;
};

static bool same_text(const void *context, uint32_t row, const void *key)
{
    const struct ac_profile *profile = context;
    const struct text_key *wanted = key;
    const char *text = profile->texts[row];
    return strncmp(text, wanted->text, wanted->length) == 0 && text[wanted->length] == '\0';
}

const char *ac_profile_text(struct ac_profile *profile, const char *text, int64_t length)
{
    struct text_key key = {text, length < 0 ? strlen(text) : strnlen(text, (size_t)length)};
    if (key.length == 0)
        return "";
    uint32_t fresh = (uint32_t)profile->ntexts;
    uint32_t row =
        ac_intern(&profile->strings, ac_hash(text, key.length, 0), same_text, profile, &key, fresh);
    if (row == fresh) {
        char *copy = ac_zeroed(key.length + 1, 1);
        memcpy(copy, text, key.length);
        profile->texts =
            ac_grow(profile->texts, profile->ntexts, &profile->rooms[ROOM_TEXTS], 1, sizeof(*profile->texts));
        profile->texts[profile->ntexts++] = copy;
    }
    return profile->texts[row];
}

void ac_profile_comment(struct ac_profile *profile, const char *format, ...)
{
    char line[1024];
    va_list words;
    va_start(words, format);
    vsnprintf(line, sizeof(line), format, words);
    va_end(words);
    profile->comments = ac_grow(profile->comments, profile->ncomments, &profile->rooms[ROOM_COMMENTS], 1,
                                sizeof(*profile->comments));
    profile->comments[profile->ncomments++] = ac_profile_text(profile, line, -1);
}

/* ---- frames, stacks, modules ---- */

/* The texts of both are the profile's own, so that equal ones are one. */
static bool same_frame(const void *context, uint32_t row, const void *key)
{
    const struct ac_profile_frame *a = &((const struct ac_profile *)context)->frames[row];
    const struct ac_profile_frame *b = key;
    return a->address == b->address && a->module == b->module && a->line == b->line &&
           a->inlined == b->inlined && a->function == b->function && a->system_name == b->system_name &&
           a->file == b->file;
}

static uint64_t hash_frame(const struct ac_profile_frame *frame)
{
    const uint64_t words[] = {frame->address,
                              (uint64_t)frame->module << 32 | frame->line,
                              frame->inlined,
                              (uintptr_t)frame->function,
                              (uintptr_t)frame->system_name,
                              (uintptr_t)frame->file};
    return ac_hash(words, sizeof(words), 1);
}

uint32_t ac_profile_frame(struct ac_profile *profile, const struct ac_profile_frame *frame)
{
    struct ac_profile_frame own = *frame;
    own.function = ac_profile_text(profile, frame->function ? frame->function : "", -1);
    own.system_name = ac_profile_text(profile, frame->system_name ? frame->system_name : "", -1);
    own.file = ac_profile_text(profile, frame->file ? frame->file : "", -1);
    uint32_t fresh = (uint32_t)profile->nframes;
    uint32_t row = ac_intern(&profile->frame_table, hash_frame(&own), same_frame, profile, &own, fresh);
    if (row == fresh) {
        profile->frames = ac_grow(profile->frames, profile->nframes, &profile->rooms[ROOM_FRAMES], 1,
                                  sizeof(*profile->frames));
        profile->frames[profile->nframes++] = own;
    }
    return row;
}

uint32_t ac_profile_named(struct ac_profile *profile, const char *function)
{
    return ac_profile_frame(profile, &(struct ac_profile_frame){.function = function});
}

struct stack_key {
    const uint32_t *frames;
    size_t n;
};

static bool same_stack(const void *context, uint32_t row, const void *key)
{
    const struct ac_profile *profile = context;
    const struct stack_key *wanted = key;
    const struct ac_profile_site *site = &profile->sites[row];
    return site->nframes == wanted->n &&
           memcmp(profile->stacks + site->first, wanted->frames, wanted->n * sizeof(*wanted->frames)) == 0;
}

struct ac_profile_site *ac_profile_site(struct ac_profile *profile, const uint32_t *frames, size_t n)
{
    struct stack_key key = {frames, n};
    uint32_t fresh = (uint32_t)profile->nsites;
    uint64_t hash = ac_hash(frames, n * sizeof(*frames), 2);
    profile->sites =
        ac_grow(profile->sites, profile->nsites, &profile->rooms[ROOM_SITES], 1, sizeof(*profile->sites));
    profile->stacks =
        ac_grow(profile->stacks, profile->nstacks, &profile->rooms[ROOM_STACKS], n, sizeof(*profile->stacks));
    uint32_t row = ac_intern(&profile->stack_table, hash, same_stack, profile, &key, fresh);
    if (row == fresh) {
        memcpy(profile->stacks + profile->nstacks, frames, n * sizeof(*frames));
        profile->sites[profile->nsites++] =
            (struct ac_profile_site){.first = profile->nstacks, .nframes = (uint32_t)n};
        profile->nstacks += n;
    }
    return &profile->sites[row];
}

uint32_t ac_profile_add_module(struct ac_profile *profile, const struct ac_profile_module *module)
{
    struct ac_profile_module own = *module;
    own.path = ac_profile_text(profile, module->path ? module->path : "", -1);
    own.build_id = ac_profile_text(profile, module->build_id ? module->build_id : "", -1);
    profile->modules = ac_grow(profile->modules, profile->nmodules, &profile->rooms[ROOM_MODULES], 1,
                               sizeof(*profile->modules));
    profile->modules[profile->nmodules] = own;
    return (uint32_t)profile->nmodules++;
}

void ac_profile_replace_stacks(struct ac_profile *profile, uint32_t *stacks, size_t nstacks, size_t room)
{
    free(profile->stacks);
    profile->stacks = stacks;
    profile->nstacks = nstacks;
    profile->rooms[ROOM_STACKS] = room;
    ac_intern_free(&profile->stack_table);
}

void ac_profile_free(struct ac_profile *profile)
{
    for (size_t i = 0; i < profile->ntexts; i++)
        free((char *)profile->texts[i]);
    ac_intern_free(&profile->strings);
    ac_intern_free(&profile->frame_table);
    ac_intern_free(&profile->stack_table);
    free(profile->texts);
    free(profile->sites);
    free(profile->stacks);
    free(profile->frames);
    free(profile->modules);
    free(profile->comments);
    ac_pack_free(profile->pack);
    memset(profile, 0, sizeof(*profile));
}

/* ---- asking ---- */

double ac_profile_total(const struct ac_profile *profile, enum ac_profile_value value)
{
    double sum = 0;
    for (size_t i = 0; i < profile->nsites; i++)
        sum += profile->sites[i].values[value];
    return sum;
}

double ac_profile_margin(double variance)
{
    return 1.96 * sqrt(variance > 0 ? variance : 0);
}

/* N blocks of s bytes, each sampled with probability p and then standing for 1/p: the variance of their
 * sum is N s^2 (1 - p) / p. */
static void estimate(struct ac_profile_site *site, enum ac_profile_value objects, double rate)
{
    double n = site->values[objects];
    double bytes = site->values[objects + 1];
    if (n <= 0 || bytes <= 0)
        return;
    double p = 1 - exp(-bytes / n / rate);
    site->variances[objects] = n * (1 - p) / p;
    site->variances[objects + 1] = bytes * bytes / n * (1 - p) / p;
    if (objects == AC_PROFILE_ALLOC_OBJECTS)
        site->taken = (uint64_t)llround(n * p);
    if (objects == AC_PROFILE_INUSE_OBJECTS)
        site->live = (uint64_t)llround(n * p);
}

static bool has_pair(const struct ac_profile *profile, enum ac_profile_value objects)
{
    uint32_t pair = AC_PROFILE_HAS(objects) | AC_PROFILE_HAS(objects + 1);
    return (profile->has & pair) == pair;
}

void ac_profile_estimate_errors(struct ac_profile *profile)
{
    static const enum ac_profile_value pairs[] = {AC_PROFILE_ALLOC_OBJECTS, AC_PROFILE_INUSE_OBJECTS,
                                                  AC_PROFILE_PEAK_OBJECTS};
    if (profile->rate_bytes <= 1)
        return;
    profile->has_errors =
        has_pair(profile, AC_PROFILE_INUSE_OBJECTS) || has_pair(profile, AC_PROFILE_ALLOC_OBJECTS);
    for (size_t i = 0; i < profile->nsites; i++) {
        struct ac_profile_site *site = &profile->sites[i];
        const char *leaf = site->nframes ? profile->frames[profile->stacks[site->first]].function : "";
        site->unsampled = strcmp(leaf, AC_PROFILE_BEFORE) == 0 || strcmp(leaf, AC_PROFILE_UNSAMPLED) == 0;
        for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]) && !site->unsampled; k++) {
            if (has_pair(profile, pairs[k]))
                estimate(site, pairs[k], (double)profile->rate_bytes);
        }
    }
}

int64_t *ac_profile_whole(const struct ac_profile *profile, enum ac_profile_value value)
{
    int64_t *whole = ac_zeroed(profile->nsites, sizeof(*whole));
    double sum = 0;
    int64_t given = 0;
    for (size_t i = 0; i < profile->nsites; i++) {
        sum += profile->sites[i].values[value];
        whole[i] = llround(sum) - given;
        given += whole[i];
    }
    return whole;
}

const char *ac_profile_frame_name(const struct ac_profile *profile, const struct ac_profile_frame *frame,
                                  char *text, size_t text_bytes)
{
    if (frame->function && frame->function[0] != '\0')
        return frame->function;
    if (frame->module == 0) {
        snprintf(text, text_bytes, "0x%" PRIx64, frame->address);
        return text;
    }
    const struct ac_profile_module *module = &profile->modules[frame->module - 1];
    const char *slash = strrchr(module->path, '/');
    snprintf(text, text_bytes, "%s+0x%" PRIx64, slash ? slash + 1 : module->path,
             frame->address - module->start + module->offset_bytes);
    return text;
}

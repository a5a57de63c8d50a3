/* SPDX-License-Identifier: MIT
 *
 * pprof_write.c -- a heap profile as pprof's protobuf.
 *
 * What its readers rely on: values are estimates already, since nobody scales them; inuse_space is the last
 * sample type; addresses lie within the calls; a location holds the functions inlined at its address, the
 * outermost last; mapping 1 is the program; numbers of things begin at 1.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hidden.h"
#include "pprof.h"
#include "profile_format.h"

struct bytes {
    uint8_t *data;
    size_t n;
    size_t room;
};

struct writing {
    const struct ac_profile *profile;
    struct bytes out;
    struct bytes part; /* the message being made */
    struct bytes inner;
    struct ac_intern strings; /* by text */
    const char **texts;
    size_t ntexts;
    size_t texts_room;
    struct ac_intern functions; /* by frame */
    uint32_t *function_frames;  /* a frame of each */
    size_t nfunctions;
    size_t functions_room;
    uint32_t *locations; /* of the run of frames that begins with this one; 0: none yet */
    uint32_t nlocations;
    uint8_t *has; /* of each module: AC_PPROF_MAPPING_HAS_... as bits */
};

/* ---- the wire ---- */

static void put_varint(struct bytes *to, uint64_t number)
{
    to->data = ac_grow(to->data, to->n, &to->room, 10, 1);
    for (; number >= 0x80; number >>= 7)
        to->data[to->n++] = (uint8_t)(number | 0x80);
    to->data[to->n++] = (uint8_t)number;
}

static void put_number(struct bytes *to, unsigned field, uint64_t number)
{
    if (number == 0)
        return;
    put_varint(to, (uint64_t)field << 3 | AC_WIRE_VARINT);
    put_varint(to, number);
}

static void put_bytes(struct bytes *to, unsigned field, const void *data, size_t n)
{
    put_varint(to, (uint64_t)field << 3 | AC_WIRE_BYTES);
    put_varint(to, n);
    to->data = ac_grow(to->data, to->n, &to->room, n, 1);
    memcpy(to->data + to->n, data, n);
    to->n += n;
}

/* Puts what was made as a field of another message, and begins anew. */
static void put_message(struct bytes *to, unsigned field, struct bytes *message)
{
    put_bytes(to, field, message->n ? (const void *)message->data : "", message->n);
    message->n = 0;
}

/* ---- tables ---- */

static bool same_text(const void *context, uint32_t row, const void *key)
{
    return strcmp(((const struct writing *)context)->texts[row], key) == 0;
}

static uint32_t string_of(struct writing *w, const char *text)
{
    uint32_t fresh = (uint32_t)w->ntexts;
    uint32_t row = ac_intern(&w->strings, ac_hash(text, strlen(text), 0), same_text, w, text, fresh);
    if (row == fresh) {
        w->texts = ac_grow(w->texts, w->ntexts, &w->texts_room, 1, sizeof(*w->texts));
        w->texts[w->ntexts++] = text;
    }
    return row;
}

static bool same_function(const void *context, uint32_t row, const void *key)
{
    const struct writing *w = context;
    const struct ac_profile_frame *a = &w->profile->frames[w->function_frames[row]];
    const struct ac_profile_frame *b = key;
    return a->function == b->function && a->system_name == b->system_name && a->file == b->file;
}

/* The id of a frame's function, which is written when it is new. */
static uint32_t function_of(struct writing *w, uint32_t number)
{
    const struct ac_profile_frame *frame = &w->profile->frames[number];
    const uintptr_t words[] = {(uintptr_t)frame->function, (uintptr_t)frame->system_name,
                               (uintptr_t)frame->file};
    uint32_t fresh = (uint32_t)w->nfunctions;
    uint32_t row = ac_intern(&w->functions, ac_hash(words, sizeof(words), 0), same_function, w, frame, fresh);
    if (row != fresh)
        return row + 1;
    w->function_frames = ac_grow(w->function_frames, w->nfunctions, &w->functions_room, 1, sizeof(uint32_t));
    w->function_frames[w->nfunctions++] = number;
    put_number(&w->part, AC_PPROF_FUNCTION_ID, row + 1);
    put_number(&w->part, AC_PPROF_FUNCTION_NAME, string_of(w, frame->function));
    put_number(&w->part, AC_PPROF_FUNCTION_SYSTEM_NAME,
               string_of(w, frame->system_name[0] ? frame->system_name : frame->function));
    put_number(&w->part, AC_PPROF_FUNCTION_FILE, string_of(w, frame->file));
    put_message(&w->out, AC_PPROF_FUNCTION, &w->part);
    return row + 1;
}

static void put_line(struct writing *w, uint32_t number, struct bytes *location)
{
    const struct ac_profile_frame *frame = &w->profile->frames[number];
    if (frame->function[0] == '\0')
        return;
    put_number(&w->inner, AC_PPROF_LINE_FUNCTION, function_of(w, number));
    put_number(&w->inner, AC_PPROF_LINE_NUMBER, frame->line);
    put_message(location, AC_PPROF_LOCATION_LINE, &w->inner);
    if (frame->module == 0)
        return;
    uint8_t *has = &w->has[frame->module - 1];
    *has |= 1;
    *has |= frame->file[0] != '\0' ? 2 : 0;
    *has |= frame->line != 0 ? 4 : 0;
    *has |= frame->inlined ? 8 : 0;
}

/* The id of the location that the n frames from `run` on make. */
static uint32_t location_of(struct writing *w, const uint32_t *run, size_t n)
{
    struct bytes location = {0};
    const struct ac_profile_frame *frame = &w->profile->frames[run[0]];
    uint32_t *id = &w->locations[run[0]];
    if (*id != 0)
        return *id;
    *id = ++w->nlocations;
    put_number(&location, AC_PPROF_LOCATION_ID, *id);
    put_number(&location, AC_PPROF_LOCATION_MAPPING, frame->module);
    put_number(&location, AC_PPROF_LOCATION_ADDRESS, frame->address);
    for (size_t i = 0; i < n; i++)
        put_line(w, run[i], &location);
    put_message(&w->out, AC_PPROF_LOCATION, &location);
    free(location.data);
    return *id;
}

/* ---- samples ---- */

/* The values that go into a file: pprof's four, and the one asked for when that is none of them. */
static size_t choose(const struct ac_profile *profile, enum ac_profile_value asked,
                     enum ac_profile_value chosen[AC_PROFILE_NVALUES])
{
    size_t n = 0;
    for (int v = AC_PROFILE_ALLOC_OBJECTS; v <= AC_PROFILE_INUSE_SPACE; v++) {
        if (v == AC_PROFILE_INUSE_OBJECTS && asked > AC_PROFILE_INUSE_SPACE) {
            if (asked == AC_PROFILE_PEAK_SPACE)
                chosen[n++] = AC_PROFILE_PEAK_OBJECTS;
            chosen[n++] = asked;
        }
        if (profile->has & AC_PROFILE_HAS(v))
            chosen[n++] = (enum ac_profile_value)v;
    }
    return n;
}

static bool is_zero(int64_t *const *columns, size_t ncolumns, size_t row)
{
    for (size_t i = 0; i < ncolumns; i++) {
        if (columns[i][row] != 0)
            return false;
    }
    return true;
}

static void put_sample(struct writing *w, const struct ac_profile_site *site, int64_t *const *columns,
                       size_t ncolumns)
{
    const uint32_t *stack = w->profile->stacks + site->first;
    struct bytes sample = {0};
    struct bytes packed = {0};
    for (uint32_t i = 0; i < site->nframes;) {
        uint32_t run = 1;
        while (i + run < site->nframes && w->profile->frames[stack[i + run - 1]].inlined)
            run++;
        put_varint(&packed, location_of(w, stack + i, run));
        i += run;
    }
    put_message(&sample, AC_PPROF_SAMPLE_LOCATION, &packed);
    for (size_t i = 0; i < ncolumns; i++)
        put_varint(&packed, (uint64_t)columns[i][site - w->profile->sites]);
    put_message(&sample, AC_PPROF_SAMPLE_VALUE, &packed);
    put_message(&w->out, AC_PPROF_SAMPLE, &sample);
    free(packed.data);
    free(sample.data);
}

static void put_samples(struct writing *w, enum ac_profile_value asked)
{
    enum ac_profile_value chosen[AC_PROFILE_NVALUES];
    int64_t *columns[AC_PROFILE_NVALUES];
    size_t n = choose(w->profile, asked, chosen);
    for (size_t i = 0; i < n; i++) {
        columns[i] = ac_profile_whole(w->profile, chosen[i]);
        put_number(&w->part, AC_PPROF_TYPE_NAME, string_of(w, ac_profile_value_name(chosen[i])));
        put_number(&w->part, AC_PPROF_TYPE_UNIT, string_of(w, ac_profile_value_unit(chosen[i])));
        put_message(&w->out, AC_PPROF_SAMPLE_TYPE, &w->part);
    }
    for (size_t i = 0; i < w->profile->nsites; i++) {
        if (!is_zero(columns, n, i))
            put_sample(w, &w->profile->sites[i], columns, n);
    }
    for (size_t i = 0; i < n; i++)
        free(columns[i]);
}

static void put_mappings(struct writing *w)
{
    for (size_t i = 0; i < w->profile->nmodules; i++) {
        const struct ac_profile_module *module = &w->profile->modules[i];
        put_number(&w->part, AC_PPROF_MAPPING_ID, i + 1);
        put_number(&w->part, AC_PPROF_MAPPING_START, module->start);
        put_number(&w->part, AC_PPROF_MAPPING_LIMIT, module->end);
        put_number(&w->part, AC_PPROF_MAPPING_OFFSET, module->offset_bytes);
        put_number(&w->part, AC_PPROF_MAPPING_FILE, string_of(w, module->path));
        put_number(&w->part, AC_PPROF_MAPPING_BUILD_ID, string_of(w, module->build_id));
        for (unsigned k = 0; k < 4; k++)
            put_number(&w->part, AC_PPROF_MAPPING_HAS_FUNCTIONS + k, w->has[i] >> k & 1);
        put_message(&w->out, AC_PPROF_MAPPING, &w->part);
    }
}

static void put_head(struct writing *w, enum ac_profile_value asked)
{
    struct bytes packed = {0};
    put_number(&w->part, AC_PPROF_TYPE_NAME, string_of(w, "space"));
    put_number(&w->part, AC_PPROF_TYPE_UNIT, string_of(w, "bytes"));
    put_message(&w->out, AC_PPROF_PERIOD_TYPE, &w->part);
    put_number(&w->out, AC_PPROF_PERIOD,
               w->profile->mean_rate_bytes ? w->profile->mean_rate_bytes : w->profile->rate_bytes);
    put_number(&w->out, AC_PPROF_TIME, (uint64_t)w->profile->time_ns);
    put_number(&w->out, AC_PPROF_DURATION, (uint64_t)w->profile->duration_ns);
    put_number(&w->out, AC_PPROF_DROP_FRAMES, string_of(w, AC_HIDDEN_FRAMES));
    put_number(&w->out, AC_PPROF_DEFAULT_TYPE, string_of(w, ac_profile_value_name(asked)));
    for (size_t i = 0; i < w->profile->ncomments; i++)
        put_varint(&packed, string_of(w, w->profile->comments[i]));
    put_message(&w->out, AC_PPROF_COMMENT, &packed);
    free(packed.data);
}

static void put_strings(struct writing *w)
{
    for (size_t i = 0; i < w->ntexts; i++)
        put_bytes(&w->out, AC_PPROF_STRING, w->texts[i], strlen(w->texts[i]));
}

static void encode(const struct ac_profile *profile, enum ac_profile_value value, struct bytes *out)
{
    struct writing w = {.profile = profile};
    w.locations = ac_zeroed(profile->nframes, sizeof(*w.locations));
    w.has = ac_zeroed(profile->nmodules, 1);
    string_of(&w, "");
    put_samples(&w, value);
    put_mappings(&w);
    put_head(&w, value);
    put_strings(&w);
    *out = w.out;
    ac_intern_free(&w.strings);
    ac_intern_free(&w.functions);
    free(w.part.data);
    free(w.inner.data);
    free(w.texts);
    free(w.function_frames);
    free(w.locations);
    free(w.has);
}

bool ac_profile_write_pprof_raw(const struct ac_profile *profile, const struct ac_profile_show *show,
                                FILE *out, char *why)
{
    struct bytes made;
    (void)why;
    encode(profile, show->value, &made);
    fwrite(made.data, 1, made.n, out);
    free(made.data);
    return true;
}

bool ac_profile_write_pprof(const struct ac_profile *profile, const struct ac_profile_show *show, FILE *out,
                            char *why)
{
    struct bytes made;
    size_t n;
    encode(profile, show->value, &made);
    uint8_t *packed = ac_gzip_pack(made.data, made.n, &n, why);
    if (packed)
        fwrite(packed, 1, n, out);
    free(packed);
    free(made.data);
    return packed != NULL;
}

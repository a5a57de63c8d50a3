/* SPDX-License-Identifier: MIT
 *
 * pprof_read.c -- a heap profile from pprof's protobuf, whoever wrote it.
 *
 * The file may hold anything: every length is checked, unknown fields are passed over, numbers of things
 * that do not exist stand for nothing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pprof.h"
#include "profile_format.h"

enum { MAX_FRAMES = 4096, MAX_TYPES = 32, MAX_LINES = 256 };

struct piece {
    const uint8_t *at;
    const uint8_t *end;
};

/* One field of a message: a number, or bytes. */
struct field {
    unsigned number;
    unsigned wire;
    uint64_t value;
    struct piece bytes;
};

struct function {
    uint64_t name;
    uint64_t system_name;
    uint64_t file;
};

struct location {
    uint32_t first; /* of its frames in `runs` */
    uint32_t n;
};

struct type {
    uint64_t name;
    uint64_t unit;
};

/* Ids of things are mostly 1, 2, 3 ...: they are looked up by a table of any ids. */
struct ids {
    struct ac_intern table;
    uint64_t *id;
    size_t n;
    size_t room;
};

struct decoding {
    struct ac_profile *out;
    struct piece *strings;
    size_t nstrings;
    size_t strings_room;
    struct ids function_ids;
    struct function *functions;
    size_t functions_room;
    struct ids mapping_ids;
    struct ids location_ids;
    struct location *locations;
    size_t locations_room;
    uint32_t *runs;
    size_t nruns;
    size_t runs_room;
    struct type types[MAX_TYPES];
    int targets[MAX_TYPES]; /* of a sample's values; -1: not one of ours */
    size_t ntypes;
    bool broken;
};

/* ---- the wire ---- */

static bool read_varint(struct piece *from, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; from->at < from->end && shift < 64; shift += 7) {
        uint8_t byte = *from->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool skip(struct piece *from, size_t n)
{
    bool ok = (size_t)(from->end - from->at) >= n;
    from->at = ok ? from->at + n : from->end;
    return ok;
}

/* The next field; false at the end, and when the message is broken, which sets *broken. */
static bool next_field(struct piece *from, struct field *out, bool *broken)
{
    uint64_t tag;
    if (from->at == from->end)
        return false;
    bool ok = read_varint(from, &tag);
    *out = (struct field){.number = (unsigned)(tag >> 3), .wire = (unsigned)tag & 7};
    if (ok && out->wire == AC_WIRE_VARINT) {
        ok = read_varint(from, &out->value);
    } else if (ok && out->wire == AC_WIRE_BYTES) {
        ok = read_varint(from, &out->value);
        out->bytes = (struct piece){from->at, from->at};
        ok = ok && skip(from, out->value);
        out->bytes.end = from->at;
    } else if (ok) {
        ok = (out->wire == AC_WIRE_64 || out->wire == AC_WIRE_32) &&
             skip(from, out->wire == AC_WIRE_64 ? 8 : 4);
    }
    *broken |= !ok;
    return ok;
}

/* The numbers of a repeated field, packed or not, one after the other. */
static bool next_number(struct field *field, uint64_t *out)
{
    if (field->wire != AC_WIRE_VARINT)
        return field->wire == AC_WIRE_BYTES && field->bytes.at < field->bytes.end &&
               read_varint(&field->bytes, out);
    *out = field->value;
    field->wire = AC_WIRE_64; /* there is only this one */
    return true;
}

/* ---- ids ---- */

static bool same_id(const void *context, uint32_t row, const void *key)
{
    return ((const struct ids *)context)->id[row] == *(const uint64_t *)key;
}

/* UINT32_MAX when there is none. */
static uint32_t row_of(const struct ids *ids, uint64_t id)
{
    return ac_intern_find(&ids->table, ac_hash(&id, sizeof(id), 0), same_id, ids, &id);
}

/* The row of an id, perhaps a new one. */
static uint32_t enter(struct ids *ids, uint64_t id)
{
    uint32_t fresh = (uint32_t)ids->n;
    uint32_t row = ac_intern(&ids->table, ac_hash(&id, sizeof(id), 0), same_id, ids, &id, fresh);
    ids->id = ac_grow(ids->id, ids->n, &ids->room, 1, sizeof(*ids->id));
    if (row == fresh)
        ids->id[ids->n++] = id;
    return row;
}

static const char *text_of(struct decoding *d, uint64_t string)
{
    if (string >= d->nstrings)
        return "";
    const struct piece *text = &d->strings[string];
    return ac_profile_text(d->out, (const char *)text->at, text->end - text->at);
}

/* ---- the parts ---- */

static void read_mapping(struct decoding *d, struct piece message)
{
    struct ac_profile_module module = {0};
    struct field field;
    uint64_t id = 0;
    while (next_field(&message, &field, &d->broken)) {
        if (field.number == AC_PPROF_MAPPING_ID)
            id = field.value;
        else if (field.number == AC_PPROF_MAPPING_START)
            module.start = field.value;
        else if (field.number == AC_PPROF_MAPPING_LIMIT)
            module.end = field.value;
        else if (field.number == AC_PPROF_MAPPING_OFFSET)
            module.offset_bytes = field.value;
        else if (field.number == AC_PPROF_MAPPING_FILE)
            module.path = text_of(d, field.value);
        else if (field.number == AC_PPROF_MAPPING_BUILD_ID)
            module.build_id = text_of(d, field.value);
    }
    if (enter(&d->mapping_ids, id) == d->out->nmodules)
        ac_profile_add_module(d->out, &module);
}

static void read_function(struct decoding *d, struct piece message)
{
    struct function function = {0};
    struct field field;
    uint64_t id = 0;
    while (next_field(&message, &field, &d->broken)) {
        if (field.number == AC_PPROF_FUNCTION_ID)
            id = field.value;
        else if (field.number == AC_PPROF_FUNCTION_NAME)
            function.name = field.value;
        else if (field.number == AC_PPROF_FUNCTION_SYSTEM_NAME)
            function.system_name = field.value;
        else if (field.number == AC_PPROF_FUNCTION_FILE)
            function.file = field.value;
    }
    uint32_t row = enter(&d->function_ids, id);
    d->functions = ac_grow(d->functions, row, &d->functions_room, 1, sizeof(*d->functions));
    d->functions[row] = function;
}

static struct ac_profile_frame read_line(struct decoding *d, struct piece message)
{
    struct ac_profile_frame frame = {0};
    struct field field;
    while (next_field(&message, &field, &d->broken)) {
        if (field.number == AC_PPROF_LINE_NUMBER)
            frame.line = (uint32_t)field.value;
        if (field.number != AC_PPROF_LINE_FUNCTION)
            continue;
        uint32_t row = row_of(&d->function_ids, field.value);
        if (row == UINT32_MAX)
            continue;
        frame.function = text_of(d, d->functions[row].name);
        frame.system_name = text_of(d, d->functions[row].system_name);
        frame.file = text_of(d, d->functions[row].file);
        if (frame.system_name == frame.function)
            frame.system_name = "";
    }
    return frame;
}

static void add_run(struct decoding *d, struct ac_profile_frame *frame)
{
    d->runs = ac_grow(d->runs, d->nruns, &d->runs_room, 1, sizeof(*d->runs));
    d->runs[d->nruns++] = ac_profile_frame(d->out, frame);
}

static void read_location(struct decoding *d, struct piece message)
{
    struct ac_profile_frame lines[MAX_LINES];
    struct field field;
    uint64_t id = 0;
    uint64_t address = 0;
    uint64_t mapping = 0;
    size_t n = 0;
    while (next_field(&message, &field, &d->broken)) {
        if (field.number == AC_PPROF_LOCATION_ID)
            id = field.value;
        else if (field.number == AC_PPROF_LOCATION_MAPPING)
            mapping = field.value;
        else if (field.number == AC_PPROF_LOCATION_ADDRESS)
            address = field.value;
        else if (field.number == AC_PPROF_LOCATION_LINE && field.wire == AC_WIRE_BYTES && n < MAX_LINES)
            lines[n++] = read_line(d, field.bytes);
    }
    if (n == 0)
        lines[n++] = (struct ac_profile_frame){0};
    uint32_t module = mapping ? row_of(&d->mapping_ids, mapping) + 1 : 0;
    uint32_t row = enter(&d->location_ids, id);
    d->locations = ac_grow(d->locations, row, &d->locations_room, 1, sizeof(*d->locations));
    d->locations[row] = (struct location){(uint32_t)d->nruns, (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        lines[i].address = address;
        lines[i].module = module;
        lines[i].inlined = i + 1 < n;
        add_run(d, &lines[i]);
    }
}

/* The frames of a sample's locations; returns how many. */
static size_t add_frames(struct decoding *d, struct field *field, uint32_t frames[MAX_FRAMES], size_t n)
{
    uint64_t id;
    while (next_number(field, &id)) {
        uint32_t row = row_of(&d->location_ids, id);
        for (uint32_t i = 0; row != UINT32_MAX && i < d->locations[row].n && n < MAX_FRAMES; i++)
            frames[n++] = d->runs[d->locations[row].first + i];
    }
    return n;
}

static void read_sample(struct decoding *d, struct piece message)
{
    static uint32_t frames[MAX_FRAMES];
    int64_t values[MAX_TYPES] = {0};
    struct field field;
    uint64_t number;
    size_t nframes = 0;
    size_t nvalues = 0;
    while (next_field(&message, &field, &d->broken)) {
        if (field.number == AC_PPROF_SAMPLE_LOCATION)
            nframes = add_frames(d, &field, frames, nframes);
        while (field.number == AC_PPROF_SAMPLE_VALUE && nvalues < MAX_TYPES && next_number(&field, &number))
            values[nvalues++] = (int64_t)number;
    }
    if (nframes == 0)
        frames[nframes++] = ac_profile_named(d->out, "[no stack]");
    struct ac_profile_site *site = ac_profile_site(d->out, frames, nframes);
    for (size_t i = 0; i < nvalues && i < d->ntypes; i++) {
        if (d->targets[i] >= 0)
            site->values[d->targets[i]] += (double)values[i];
    }
}

/* ---- the whole ---- */

static void read_type(struct piece message, struct type *out, bool *broken)
{
    struct field field;
    *out = (struct type){0};
    while (next_field(&message, &field, broken)) {
        if (field.number == AC_PPROF_TYPE_NAME)
            out->name = field.value;
        else if (field.number == AC_PPROF_TYPE_UNIT)
            out->unit = field.value;
    }
}

static void read_strings(struct decoding *d, struct piece message)
{
    struct field field;
    while (next_field(&message, &field, &d->broken)) {
        if (field.number == AC_PPROF_STRING && field.wire == AC_WIRE_BYTES) {
            d->strings = ac_grow(d->strings, d->nstrings, &d->strings_room, 1, sizeof(*d->strings));
            d->strings[d->nstrings++] = field.bytes;
        }
    }
}

static void read_head(struct decoding *d, struct field *field)
{
    uint64_t number;
    if (field->number == AC_PPROF_SAMPLE_TYPE && d->ntypes < MAX_TYPES)
        read_type(field->bytes, &d->types[d->ntypes++], &d->broken);
    else if (field->number == AC_PPROF_TIME)
        d->out->time_ns = (int64_t)field->value;
    else if (field->number == AC_PPROF_DURATION)
        d->out->duration_ns = (int64_t)field->value;
    else if (field->number == AC_PPROF_PERIOD)
        d->out->rate_bytes = field->value;
    while (field->number == AC_PPROF_COMMENT && next_number(field, &number))
        ac_profile_comment(d->out, "%s", text_of(d, number));
}

/* Other producers' names for the same. */
static int target_of(const char *name)
{
    static const struct {
        const char *name;
        int value;
    } others[] = {{"objects", AC_PROFILE_INUSE_OBJECTS},
                  {"space", AC_PROFILE_INUSE_SPACE},
                  {"inuse_bytes", AC_PROFILE_INUSE_SPACE},
                  {"alloc_bytes", AC_PROFILE_ALLOC_SPACE},
                  {"allocations", AC_PROFILE_ALLOC_OBJECTS}};
    for (int v = 0; v < AC_PROFILE_NVALUES; v++) {
        if (strcmp(name, ac_profile_value_name((enum ac_profile_value)v)) == 0)
            return v;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(name, others[i].name) == 0)
            return others[i].value;
    }
    return -1;
}

static void choose_targets(struct decoding *d)
{
    for (size_t i = 0; i < d->ntypes; i++) {
        d->targets[i] = target_of(text_of(d, d->types[i].name));
        if (d->targets[i] >= 0 && !(d->out->has & AC_PROFILE_HAS(d->targets[i])))
            d->out->has |= AC_PROFILE_HAS(d->targets[i]);
    }
}

/* A pass over the message for the fields of one kind: those of others point at them, in any order. */
static void read_all(struct decoding *d, struct piece message, unsigned number,
                     void (*read)(struct decoding *, struct piece))
{
    struct field field;
    while (next_field(&message, &field, &d->broken)) {
        if (field.number == number && field.wire == AC_WIRE_BYTES)
            read(d, field.bytes);
    }
}

static void decode(struct decoding *d, struct piece message)
{
    struct piece again = message;
    struct field field;
    read_strings(d, message);
    while (next_field(&again, &field, &d->broken))
        read_head(d, &field);
    choose_targets(d);
    read_all(d, message, AC_PPROF_MAPPING, read_mapping);
    read_all(d, message, AC_PPROF_FUNCTION, read_function);
    read_all(d, message, AC_PPROF_LOCATION, read_location);
    read_all(d, message, AC_PPROF_SAMPLE, read_sample);
}

static void free_ids(struct ids *ids)
{
    ac_intern_free(&ids->table);
    free(ids->id);
}

bool ac_pprof_read(const uint8_t *bytes, size_t n, struct ac_profile *out, char *why)
{
    static struct decoding d;
    d = (struct decoding){.out = out};
    decode(&d, (struct piece){bytes, bytes + n});
    free_ids(&d.function_ids);
    free_ids(&d.mapping_ids);
    free_ids(&d.location_ids);
    free(d.strings);
    free(d.functions);
    free(d.locations);
    free(d.runs);
    if (d.broken || d.ntypes == 0)
        snprintf(why, AC_PROFILE_WHY_BYTES, "it is not pprof's protobuf, or it is damaged");
    else if (out->has == 0)
        snprintf(
            why, AC_PROFILE_WHY_BYTES,
            "it is no heap profile: none of its sample types is alloc_objects, alloc_space, inuse_objects or "
            "inuse_space");
    for (size_t i = 0; i < out->ncomments; i++)
        out->is_fitted |= strncmp(out->comments[i], AC_PROFILE_FITTED, strlen(AC_PROFILE_FITTED)) == 0;
    ac_profile_estimate_errors(out);
    return !d.broken && d.ntypes > 0 && out->has != 0;
}

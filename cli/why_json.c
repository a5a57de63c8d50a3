/* SPDX-License-Identifier: MIT
 *
 * why_json.c -- everything `acre why` knows, as JSON, schema acre.why/1. Sizes are in bytes, times in
 * nanoseconds; `parts` adds up to rss_bytes.
 */
#include <jansson.h>

#include "format.h"
#include "why.h"

static void set_number(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *parts_value(const struct ac_why *why)
{
    json_t *parts = json_object();
    for (int i = 0; i < AC_NPARTS; i++)
        json_object_set_new(parts, ac_part_keys[i], json_integer(why->identity.parts[i]));
    return parts;
}

static json_t *notes_value(const struct ac_why *why)
{
    char note[256];
    json_t *notes = json_object();
    for (int i = 0; i < AC_NPARTS; i++) {
        ac_why_note(why, (enum ac_part)i, note, sizeof(note));
        json_object_set_new(notes, ac_part_keys[i], json_string(note));
    }
    return notes;
}

static json_t *classes_value(const struct ac_snapshot *counters)
{
    json_t *classes = json_array();
    for (size_t i = 0; i < AC_STATE_MAX_CLASSES; i++) {
        const struct ac_state_class *row = &counters->classes[i];
        if (row->size_bytes == 0)
            continue;
        json_t *value = json_object();
        set_number(value, "size_bytes", row->size_bytes);
        set_number(value, "nspans", row->nspans);
        set_number(value, "live_objects", row->live_objects);
        set_number(value, "cached_objects", row->cached_objects);
        set_number(value, "free_objects", row->free_objects);
        json_array_append_new(classes, value);
    }
    return classes;
}

static json_t *counters_value(const struct ac_why *why)
{
    json_t *value = json_object();
    for (uint32_t i = 0; i < AC_STAT_COUNT && i < why->nstats; i++)
        set_number(value, ac_stat_row[i].name, why->counters.stats[i]);
    return value;
}

bool ac_why_json(const struct ac_why *why, FILE *out)
{
    static const char *const moments[] = {
        [AC_WHY_NOW] = "now", [AC_WHY_PEAK] = "peak", [AC_WHY_LAST] = "last"};
    char program[AC_WHY_PROGRAM_BYTES];
    const struct ac_identity *id = &why->identity;
    json_t *root = json_object();
    for (size_t i = 0; i < sizeof(program); i++)
        program[i] = (unsigned char)why->program[i] < 0x80 ? why->program[i] : '?';
    json_object_set_new(root, "schema", json_string("acre.why/1"));
    set_number(root, "pid", (uint64_t)why->pid);
    json_object_set_new(root, "program", json_string(program));
    json_object_set_new(root, "library", json_string(why->library));
    json_object_set_new(root, "moment", json_string(moments[why->moment]));
    json_object_set_new(root, "walked", json_boolean(id->walked));
    json_object_set_new(root, "torn", json_boolean(why->torn));
    json_object_set_new(root, "blind", json_string(why->blind));
    set_number(root, "rss_bytes", id->rss_bytes);
    json_object_set_new(root, "parts", parts_value(why));
    json_object_set_new(root, "unexplained_percent", json_real(ac_identity_gap_percent(id)));
    json_object_set_new(root, "notes", notes_value(why));
    set_number(root, "heap_live_bytes", id->live_bytes);
    set_number(root, "heap_live_objects", id->live_objects);
    set_number(root, "large_untouched_bytes", id->large_untouched_bytes);
    set_number(root, "rounding_max_bytes", id->rounding_max_bytes);
    set_number(root, "small_resident_bytes", id->small_resident_bytes);
    set_number(root, "huge_bytes", id->huge_bytes);
    set_number(root, "swap_bytes", id->swap_bytes);
    set_number(root, "trimmable_bytes", ac_why_trimmable_bytes(why));
    set_number(root, "threads", why->nthreads);
    set_number(root, "idle_threads", why->idle_threads);
    json_object_set_new(root, "counters", counters_value(why));
    json_object_set_new(root, "classes", classes_value(&why->counters));
    bool written = json_dumpf(root, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return fflush(out) == 0 && written;
}

/* SPDX-License-Identifier: MIT
 *
 * why_json.c -- everything `acre why` knows, as JSON, schema acre.why/1. Sizes are in bytes, times in
 * nanoseconds; `parts` adds up to rss_bytes.
 */
#include "format.h"
#include "json.h"
#include "why.h"

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

static json_t *missed_value(const struct ac_why *why)
{
    json_t *missed = json_object();
    ac_json_set(missed, "addresses", why->missed_addresses);
    ac_json_set(missed, "centers", why->missed_centers);
    ac_json_set(missed, "threads", why->missed_threads);
    return missed;
}

bool ac_why_json(const struct ac_why *why, FILE *out)
{
    static const char *const moments[] = {
        [AC_WHY_NOW] = "now", [AC_WHY_PEAK] = "peak", [AC_WHY_LAST] = "last"};
    char program[AC_WHY_PROGRAM_BYTES];
    const struct ac_identity *id = &why->identity;
    json_t *root = json_object();
    json_t *counters = json_object();
    for (size_t i = 0; i < sizeof(program); i++)
        program[i] = (unsigned char)why->program[i] < 0x80 ? why->program[i] : '?';
    json_object_set_new(root, "schema", json_string("acre.why/1"));
    ac_json_set(root, "pid", (uint64_t)why->pid);
    json_object_set_new(root, "program", json_string(program));
    json_object_set_new(root, "library", json_string(why->library));
    json_object_set_new(root, "moment", json_string(moments[why->moment]));
    json_object_set_new(root, "walked", json_boolean(id->walked));
    json_object_set_new(root, "torn", json_boolean(why->torn));
    json_object_set_new(root, "blind", json_string(why->blind));
    ac_json_set(root, "rss_bytes", id->rss_bytes);
    json_object_set_new(root, "parts", parts_value(why));
    json_object_set_new(root, "unexplained_percent", json_real(ac_identity_gap_percent(id)));
    json_object_set_new(root, "notes", notes_value(why));
    ac_json_set(root, "heap_live_bytes", id->live_bytes);
    ac_json_set(root, "heap_live_objects", id->live_objects);
    ac_json_set(root, "large_untouched_bytes", id->large_untouched_bytes);
    ac_json_set(root, "rounding_max_bytes", id->rounding_max_bytes);
    ac_json_set(root, "small_resident_bytes", id->small_resident_bytes);
    ac_json_set(root, "huge_bytes", id->huge_bytes);
    ac_json_set(root, "swap_bytes", id->swap_bytes);
    ac_json_set(root, "trimmable_bytes", ac_why_trimmable_bytes(why));
    ac_json_set(root, "threads", why->nthreads);
    ac_json_set(root, "idle_threads", why->idle_threads);
    json_object_set_new(root, "missed", missed_value(why));
    ac_json_set_stats(counters, &why->counters, why->nstats);
    json_object_set_new(root, "counters", counters);
    json_object_set_new(root, "classes", ac_json_classes(&why->counters));
    bool written = json_dumpf(root, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return fflush(out) == 0 && written;
}

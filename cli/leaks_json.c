/* SPDX-License-Identifier: MIT
 *
 * leaks_json.c -- leaks as JSON, schema acre.leaks/1.
 */
#include <math.h>

#include "json.h"
#include "leaks.h"

static void set_amount(json_t *object, double bytes, double objects)
{
    ac_json_set(object, "bytes", (uint64_t)llround(bytes));
    ac_json_set(object, "objects", (uint64_t)llround(objects));
}

static json_t *amount(double bytes, double objects)
{
    json_t *object = json_object();
    set_amount(object, bytes, objects);
    return object;
}

static json_t *stack_json(const struct ac_profile *profile, const struct ac_profile_site *site)
{
    json_t *stack = json_array();
    for (size_t i = 0; i < site->nframes; i++)
        json_array_append_new(stack,
                              ac_json_frame(profile, &profile->frames[profile->stacks[site->first + i]]));
    return stack;
}

static json_t *list_json(const struct ac_leaks *leaks)
{
    json_t *list = json_array();
    for (size_t i = 0; i < leaks->n; i++) {
        const struct ac_leak *leak = &leaks->list[i];
        if (leak->small || leak->suppression)
            continue;
        json_t *row = json_object();
        json_object_set_new(row, "kind", json_string(leak->direct ? "direct" : "indirect"));
        set_amount(row, leak->bytes, leak->objects);
        ac_json_set(row, "samples", leak->samples);
        json_object_set_new(row, "stack", stack_json(&leaks->profile, &leaks->profile.sites[leak->site]));
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *suppressions_json(const struct ac_suppressions *suppressions)
{
    json_t *list = json_array();
    for (size_t i = 0; i < suppressions->n; i++) {
        const struct ac_suppression *s = &suppressions->list[i];
        if (s->objects <= 0)
            continue;
        json_t *row = amount(s->bytes, s->objects);
        json_object_set_new(row, "pattern", ac_json_text(s->pattern));
        json_array_append_new(list, row);
    }
    return list;
}

bool ac_leaks_write_json(const struct ac_leaks *leaks, const struct ac_suppressions *suppressions, FILE *out)
{
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("acre.leaks/1"));
    ac_json_set(root, "pid", (uint64_t)leaks->profile.pid);
    json_object_set_new(root, "program", ac_json_text(leaks->profile.program));
    json_object_set_new(root, "exact", json_boolean(leaks->exact));
    json_object_set_new(root, "found", amount(leaks->found_bytes, leaks->found_objects));
    json_object_set_new(root, "leaks", list_json(leaks));
    json_object_set_new(root, "direct_without_stack", amount(leaks->rest_bytes[1], leaks->rest_objects[1]));
    json_object_set_new(root, "indirect_without_stack", amount(leaks->rest_bytes[0], leaks->rest_objects[0]));
    json_object_set_new(root, "suppressed", suppressions_json(suppressions));
    json_object_set_new(root, "live",
                        amount((double)leaks->head.live_bytes, (double)leaks->head.live_objects));
    ac_json_set(root, "searched_bytes", leaks->head.root_bytes);
    ac_json_set(root, "other_threads", leaks->head.other_threads);
    ac_json_set(root, "stopped_ns", leaks->head.stopped_ns);
    ac_json_set(root, "exit_delay_ns", leaks->head.all_ns);
    ac_json_set(root, "dropped_stacks", leaks->dropped_stacks);
    ac_json_set(root, "dropped_blocks", leaks->dropped_blocks);
    bool ok = json_dumpf(root, out, JSON_COMPACT) == 0;
    putc('\n', out);
    json_decref(root);
    return ok && fflush(out) == 0 && !ferror(out);
}

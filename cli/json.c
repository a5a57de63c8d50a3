/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <stdlib.h>
#include <string.h>

json_t *ac_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    char *ascii = strdup(text);
    if (!ascii)
        return json_null();
    for (char *byte = ascii; *byte; byte++) {
        if ((unsigned char)*byte >= 0x80)
            *byte = '?';
    }
    value = json_string(ascii);
    free(ascii);
    return value;
}

void ac_json_set(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

void ac_json_set_stats(json_t *object, const struct ac_snapshot *snapshot, uint32_t nstats)
{
    for (uint32_t i = 0; i < AC_STAT_COUNT && i < nstats; i++)
        ac_json_set(object, ac_stat_row[i].name, snapshot->stats[i]);
}

json_t *ac_json_classes(const struct ac_snapshot *snapshot)
{
    json_t *classes = json_array();
    for (size_t i = 0; i < AC_STATE_MAX_CLASSES; i++) {
        const struct ac_state_class *row = &snapshot->classes[i];
        if (row->size_bytes == 0)
            continue;
        json_t *value = json_object();
        ac_json_set(value, "size_bytes", row->size_bytes);
        ac_json_set(value, "nspans", row->nspans);
        ac_json_set(value, "live_objects", row->live_objects);
        ac_json_set(value, "cached_objects", row->cached_objects);
        ac_json_set(value, "free_objects", row->free_objects);
        json_array_append_new(classes, value);
    }
    return classes;
}

json_t *ac_json_frame(const struct ac_profile *profile, const struct ac_profile_frame *frame)
{
    char text[512];
    json_t *value = json_object();
    json_object_set_new(value, "name",
                        ac_json_text(ac_profile_frame_name(profile, frame, text, sizeof(text))));
    if (frame->file[0] != '\0')
        json_object_set_new(value, "file", ac_json_text(frame->file));
    if (frame->line != 0)
        ac_json_set(value, "line", frame->line);
    return value;
}

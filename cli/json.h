/* SPDX-License-Identifier: MIT
 *
 * json.h -- values that more than one of the command's reports has.
 */
#ifndef AC_CLI_JSON_H
#define AC_CLI_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "core/stat.h"
#include "core/state.h"
#include "profile.h"

/* Arguments and paths may be any bytes, JSON is UTF-8: what is not gets '?' for every byte beyond ASCII. null
 * for NULL. */
json_t *ac_json_text(const char *text);

void ac_json_set(json_t *object, const char *key, uint64_t number);

/* The first nstats statistics, under their names; later ones the library did not know. */
void ac_json_set_stats(json_t *object, const struct ac_snapshot *snapshot, uint32_t nstats);

/* The size classes, but for rows not used. */
json_t *ac_json_classes(const struct ac_snapshot *snapshot);

/* A frame of a profile: name, and file and line where they are known. */
json_t *ac_json_frame(const struct ac_profile *profile, const struct ac_profile_frame *frame);

#endif

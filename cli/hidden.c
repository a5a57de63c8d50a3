/* SPDX-License-Identifier: MIT
 *
 * hidden.c -- takes frames of the allocator off the stacks of a heap profile.
 */
#include "hidden.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

static bool is_acre(const struct ac_profile *profile, const struct ac_profile_frame *frame)
{
    if (frame->module == 0)
        return false;
    const char *slash = strrchr(profile->modules[frame->module - 1].path, '/');
    return slash &&
           (strncmp(slash, "/libacre-preload.so", 19) == 0 || strncmp(slash, "/libacre.so", 11) == 0);
}

void ac_profile_hide(struct ac_profile *profile)
{
    regex_t names;
    bool *hidden = ac_zeroed(profile->nframes, sizeof(*hidden));
    if (regcomp(&names, "^(" AC_HIDDEN_FRAMES ")$", REG_EXTENDED | REG_NOSUB) != 0)
        abort();
    for (size_t i = 0; i < profile->nframes; i++) {
        const struct ac_profile_frame *frame = &profile->frames[i];
        hidden[i] = is_acre(profile, frame) || regexec(&names, frame->function, 0, NULL, 0) == 0;
    }
    regfree(&names);
    for (size_t i = 0; i < profile->nsites; i++) {
        struct ac_profile_site *site = &profile->sites[i];
        while (site->nframes > 1 && hidden[profile->stacks[site->first]]) {
            site->first++;
            site->nframes--;
        }
    }
    free(hidden);
}

/* SPDX-License-Identifier: MIT
 *
 * The public functions about the library itself: options and version.
 */
#include "base/atomic.h"
#include "core/harden.h"
#include "core/segment.h"

#include <acre/acre.h>
#include <errno.h>
#include <string.h>

int acre_option_get(const char *name, size_t *out_value)
{
    int i = ac_option_find(name, strlen(name));
    if (i < 0)
        return ENOENT;
    *out_value = ac_load_rlx(&ac_option_value[i]);
    return 0;
}

int acre_option_set(const char *name, size_t value)
{
    struct ac_state *state = ac_segment_state();
    int i = ac_option_find(name, strlen(name));
    if (i < 0)
        return ENOENT;
    if (ac_option_row[i].when != AC_OPTION_WHEN_RUN || ac_harden_is_on())
        return EPERM;
    if (!ac_option_accepts(i, value))
        return ERANGE;
    ac_store_rlx(&ac_option_value[i], value);
    if (state != NULL)
        ac_store_rlx(&state->options[i].value, (uint64_t)value);
    return 0;
}

const char *acre_version(void)
{
    return ACRE_VERSION_STRING;
}

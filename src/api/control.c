/* SPDX-License-Identifier: MIT */
#include "api/control.h"

#include "base/atomic.h"
#include "core/option.h"
#include "heap/profile.h"
#include "heap/show.h"
#include "heap/thread.h"
#include "heap/trim.h"

#include <acre/acre.h>
#include <errno.h>

static uint32_t set_option(const struct ac_state_control *control)
{
    uint32_t i = ac_load_rlx(&control->set_option);
    if (i >= AC_OPTION_COUNT)
        return ENOENT;
    return (uint32_t)acre_option_set(ac_option_row[i].name, ac_load_rlx(&control->set_value));
}

static int set_profile(const struct ac_state_control *control, uint32_t me)
{
    if (ac_load_rlx(&control->profile_on) == 0)
        return ac_profile_stop(me);
    return ac_profile_start(ac_load_rlx(&control->profile_rate_bytes), me);
}

void ac_control_obey(struct ac_state *state, uint32_t me)
{
    struct ac_state_control *control = &state->control;
    uint32_t asked = ac_load_acq(&control->set_asked);
    if (asked != control->set_done) {
        ac_store_rlx(&control->set_error, set_option(control));
        ac_store_rel(&control->set_done, asked);
    }
    asked = ac_load_acq(&control->trim_asked);
    if (asked != control->trim_done) {
        ac_store_rlx(&control->trim_bytes, (uint64_t)ac_trim_all(0, me));
        ac_store_rel(&control->trim_done, asked);
    }
    asked = ac_load_acq(&control->profile_asked);
    if (asked != control->profile_done) {
        ac_store_rlx(&control->profile_error, (uint32_t)set_profile(control, me));
        ac_store_rel(&control->profile_done, asked);
    }
    asked = ac_load_acq(&control->fresh_asked);
    if (asked != control->fresh_done) {
        ac_show_all(ac_thread_all_heaps(), me);
        ac_store_rel(&control->fresh_done, asked);
    }
}

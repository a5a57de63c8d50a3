/* SPDX-License-Identifier: MIT */
#include "api/control.h"

#include "base/atomic.h"
#include "base/fmt.h"
#include "core/option.h"
#include "core/segment.h"
#include "heap/profile.h"
#include "heap/show.h"
#include "heap/thread.h"
#include "heap/trim.h"
#include "os/os.h"
#include "verify/verify.h"

#include <acre/acre.h>
#include <errno.h>
#include <string.h>

AC_STATIC_ASSERT(AC_VERIFY_KEPT <= AC_STATE_MAX_BREACHES, "the segment has too few places for breaches");

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

/* A name or a sentence, cut off where the row ends. */
static void copy_text(const char *text, char *out, size_t cap)
{
    struct ac_fmt f = {out, cap - 1, 0};
    ac_fmt_str(&f, text);
    memset(out + f.len, 0, cap - f.len);
}

static void verify(struct ac_state_control *control, uint32_t me)
{
    struct ac_verify verify = {.me = me};
    struct ac_state_breach *rows = ac_segment_rows(AC_STATE_BREACHES);
    uint64_t start_ns = ac_os_exact_ns();
    size_t nbreaches = ac_verify_all(&verify);
    ac_store_rlx(&control->verify_ns, ac_os_exact_ns() - start_ns);
    for (size_t i = 0; i < nbreaches && i < AC_VERIFY_KEPT; i++) {
        const struct ac_breach *b = &verify.breaches[i];
        rows[i].address = (uintptr_t)b->address;
        rows[i].found = b->found;
        rows[i].expected = b->expected;
        copy_text(b->invariant, rows[i].invariant, sizeof rows[i].invariant);
        copy_text(b->what, rows[i].what, sizeof rows[i].what);
    }
    ac_store_rlx(&control->verify_breaches, (uint32_t)nbreaches);
    ac_store_rlx(&control->verify_flags, (verify.reached ? AC_STATE_VERIFY_CACHES : 0u) |
                                             (verify.summed ? AC_STATE_VERIFY_SUMS : 0u));
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
    asked = ac_load_acq(&control->verify_asked);
    if (asked != control->verify_done) {
        ac_store_rlx(&control->verify_begun, asked);
        verify(control, me);
        ac_store_rel(&control->verify_done, asked);
    }
}

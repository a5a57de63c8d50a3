/* SPDX-License-Identifier: MIT
 *
 * leaks_read.c -- the answer that a program left in its segment when it exited.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "leaks.h"
#include "symbol.h"

/* Why there is no answer. */
static const char *const reasons[] = {
    [AC_STATE_LEAKS_NONE] =
        "it ended by a signal, by _exit or by exec, without running its exit handlers, so "
        "what it could not reach is not known; end it by exit(3) or a return from main",
    [AC_STATE_LEAKS_BEGUN] = "it ended while it was looking for leaks at its exit",
    [AC_STATE_LEAKS_BUSY] =
        "it called exit in a signal handler that had interrupted malloc or free, so its "
        "heap could not be looked through",
    [AC_STATE_LEAKS_FORBIDDEN] = "a filter of system calls (seccomp) keeps it from copying itself",
    [AC_STATE_LEAKS_NO_COPY] =
        "the system refused to copy the process (fork): too many processes, or too "
        "little memory",
    [AC_STATE_LEAKS_NO_MEMORY] = "there was not enough memory to look for leaks at its exit",
    [AC_STATE_LEAKS_UNREADABLE] =
        "it may not read its own memory (process_vm_readv, /proc/self/maps), as "
        "containers may forbid",
    [AC_STATE_LEAKS_LATE] = "looking through its memory took more than a minute, or was killed",
};

static bool is_answer(const struct ac_view *view, const struct ac_state_leaks *row, const char *program,
                      char *why)
{
    if (!row) {
        snprintf(why, AC_PROFILE_WHY_BYTES,
                 "the library of process %" PRIu32
                 " (acre %.31s) is older than this command and cannot look "
                 "for leaks",
                 view->state->pid, view->state->library);
        return false;
    }
    if (row->outcome == AC_STATE_LEAKS_DONE && row->nrows <= AC_STATE_MAX_LEAKS)
        return true;
    size_t reason = row->outcome < sizeof(reasons) / sizeof(reasons[0]) ? row->outcome : 0;
    snprintf(why, AC_PROFILE_WHY_BYTES, "no leaks were looked for in %s: %s", program,
             reasons[reason] ? reasons[reason] : "its segment holds what no library writes");
    return false;
}

static void add(struct ac_leaks *out, size_t site, bool direct, const struct ac_state_leak_sum *sum)
{
    if (sum->objects == 0)
        return;
    struct ac_leak *leak = &out->list[out->n++];
    *leak = (struct ac_leak){.site = site,
                             .direct = direct,
                             .objects = (double)sum->weight_objects / AC_STATE_WEIGHT_ONE,
                             .bytes = (double)sum->weight_bytes,
                             .samples = sum->objects};
    out->rest_objects[direct] -= leak->objects;
    out->rest_bytes[direct] -= leak->bytes / (double)sum->requested_bytes * (double)sum->bytes;
}

static void take_rows(struct ac_leaks *out, const struct ac_view *view, const struct ac_state_leaks *row)
{
    out->list = ac_zeroed(2 * (size_t)row->nrows + 1, sizeof(*out->list));
    out->rest_objects[0] = (double)row->indirect.objects;
    out->rest_objects[1] = (double)row->direct.objects;
    out->rest_bytes[0] = (double)row->indirect.bytes;
    out->rest_bytes[1] = (double)row->direct.bytes;
    for (uint32_t i = 0; i < row->nrows; i++) {
        size_t site =
            (size_t)(ac_profile_take_site(&out->profile, view, row->rows[i].site) - out->profile.sites);
        add(out, site, true, &row->rows[i].direct);
        add(out, site, false, &row->rows[i].indirect);
    }
    for (size_t k = 0; k < 2; k++) {
        out->rest_objects[k] = out->rest_objects[k] > 0.5 ? out->rest_objects[k] : 0;
        out->rest_bytes[k] = out->rest_objects[k] > 0 && out->rest_bytes[k] > 0 ? out->rest_bytes[k] : 0;
    }
}

static int by_size(const void *a, const void *b)
{
    const struct ac_leak *x = a;
    const struct ac_leak *y = b;
    if (x->direct != y->direct)
        return x->direct ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static void judge(struct ac_leaks *out, const struct ac_suppressions *suppressions, uint64_t min_bytes)
{
    for (size_t i = 0; i < out->n; i++) {
        struct ac_leak *leak = &out->list[i];
        leak->suppression =
            ac_suppressions_find(suppressions, &out->profile, &out->profile.sites[leak->site]);
        leak->small = leak->bytes < (double)min_bytes;
        if (leak->suppression) {
            leak->suppression->objects += leak->objects;
            leak->suppression->bytes += leak->bytes;
        } else if (!leak->small) {
            out->found_objects += leak->objects;
            out->found_bytes += leak->bytes;
        }
    }
    for (size_t k = 0; k < 2; k++) {
        if (out->rest_bytes[k] < (double)min_bytes)
            continue;
        out->found_objects += out->rest_objects[k];
        out->found_bytes += out->rest_bytes[k];
    }
}

bool ac_leaks_read(const struct ac_view *view, const char *program,
                   const struct ac_suppressions *suppressions, uint64_t min_bytes, struct ac_leaks *out,
                   char *why)
{
    const struct ac_state_leaks *row = ac_view_row(view, AC_STATE_LEAKS, 0);
    const struct ac_state_profile *profile = ac_view_row(view, AC_STATE_PROFILE, 0);
    if (!is_answer(view, row, program, why))
        return false;
    memcpy(&out->head, row, offsetof(struct ac_state_leaks, rows));
    snprintf(out->profile.program, sizeof(out->profile.program), "%s", program);
    out->profile.pid = (int32_t)view->state->pid;
    if (profile) {
        out->exact = profile->runs != 0 && profile->rate_bytes <= 8;
        out->dropped_stacks = profile->dropped_sites + row->dropped_rows;
        out->dropped_blocks = profile->dropped_samples;
    }
    ac_profile_take_modules(&out->profile, view);
    take_rows(out, view, row);
    ac_profile_symbolize(&out->profile);
    judge(out, suppressions, min_bytes);
    qsort(out->list, out->n, sizeof(*out->list), by_size);
    return true;
}

void ac_leaks_free(struct ac_leaks *leaks)
{
    free(leaks->list);
    ac_profile_free(&leaks->profile);
}

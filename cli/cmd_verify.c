/* SPDX-License-Identifier: MIT
 *
 * cmd_verify.c -- `acre verify`: have a process hold its heap against the numbered invariants.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "format.h"
#include "process.h"
#include "target.h"

#define BEGIN_SECONDS 3.0
#define END_SECONDS 120.0

struct finding {
    struct ac_state_breach row;
    char invariant[AC_TEXT_BYTES]; /* printable */
    char what[sizeof(((struct ac_state_breach *)0)->what) + 1];
};

struct result {
    uint64_t ns;
    uint32_t flags;
    uint32_t nbreaches;
    size_t nkept;
    struct finding kept[AC_STATE_MAX_BREACHES];
};

/* What a row says, which is the process's to write. */
static void read_finding(const struct ac_state_breach *row, struct finding *out)
{
    char invariant[sizeof(row->invariant) + 1] = "";
    char what[sizeof(row->what) + 1] = "";
    out->row = *row;
    memcpy(invariant, row->invariant, sizeof(row->invariant));
    memcpy(what, row->what, sizeof(row->what));
    ac_format_safely(invariant, out->invariant, sizeof(out->invariant));
    ac_format_safely(what, out->what, sizeof(out->what));
}

static bool read_result(const struct ac_target *target, struct result *out)
{
    char why[AC_SEGMENT_WHY_BYTES];
    struct ac_view view;
    if (!ac_view_load(&target->segment, &view, why)) {
        ac_error("%s", why);
        return false;
    }
    const struct ac_state_control *control = &view.state->control;
    *out = (struct result){
        .ns = control->verify_ns, .flags = control->verify_flags, .nbreaches = control->verify_breaches};
    for (; out->nkept < out->nbreaches && out->nkept < AC_STATE_MAX_BREACHES; out->nkept++) {
        const struct ac_state_breach *row = ac_view_row(&view, AC_STATE_BREACHES, (uint32_t)out->nkept);
        if (!row)
            break;
        read_finding(row, &out->kept[out->nkept]);
    }
    ac_view_free(&view);
    return true;
}

static bool has_flag(const struct result *r, enum ac_state_verify_flag flag)
{
    return (r->flags & (uint32_t)flag) != 0;
}

static void print_text(pid_t pid, const struct result *r)
{
    char time[AC_TEXT_BYTES];
    if (r->nbreaches == 0)
        printf("process %d: its heap is sound (%s)\n", (int)pid, ac_format_duration(r->ns, time));
    else
        printf("process %d: %" PRIu32 " breach%s of its heap's invariants (%s)\n", (int)pid, r->nbreaches,
               r->nbreaches == 1 ? "" : "es", ac_format_duration(r->ns, time));
    for (size_t i = 0; i < r->nkept; i++) {
        const struct finding *f = &r->kept[i];
        printf("%s at %#" PRIx64 ": %s: %" PRIu64 ", expected %" PRIu64 "\n", f->invariant, f->row.address,
               f->what, f->row.found, f->row.expected);
    }
    if (r->nkept < r->nbreaches)
        printf("and %zu more\n", r->nbreaches - r->nkept);
    if (!has_flag(r, AC_STATE_VERIFY_CACHES))
        puts("not looked into: caches of other threads, which could not be reached");
    if (!has_flag(r, AC_STATE_VERIFY_SUMS))
        puts("not judged: large blocks and the sums over everything, since other threads were at work");
}

static json_t *breaches_json(const struct result *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->nkept; i++) {
        const struct finding *f = &r->kept[i];
        char address[AC_TEXT_BYTES];
        snprintf(address, sizeof(address), "%#" PRIx64, f->row.address);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:I}", "invariant", f->invariant, "what",
                                              f->what, "address", address, "found", (json_int_t)f->row.found,
                                              "expected", (json_int_t)f->row.expected));
    }
    return list;
}

static void print_json(pid_t pid, const struct result *r)
{
    json_t *root =
        json_pack("{s:s, s:i, s:b, s:I, s:o, s:b, s:b, s:I}", "schema", "acre.verify/1", "pid", (int)pid,
                  "sound", r->nbreaches == 0, "breaches_found", (json_int_t)r->nbreaches, "breaches",
                  breaches_json(r), "caches_checked", has_flag(r, AC_STATE_VERIFY_CACHES), "sums_checked",
                  has_flag(r, AC_STATE_VERIFY_SUMS), "duration_ns", (json_int_t)r->ns);
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
}

/* The section tells a library that can from one that is older. */
static bool can_verify(const struct ac_target *target)
{
    for (size_t i = 0; i < AC_STATE_MAX_SECTIONS; i++) {
        if (target->live->sections[i].id == AC_STATE_BREACHES)
            return true;
    }
    ac_error("the library of process %d is older than this command and cannot check itself on demand",
             (int)target->pid);
    return false;
}

static bool ask(struct ac_target *target)
{
    struct ac_state_control *control = &target->live->control;
    if (ac_process_is_stopped(target->pid)) {
        ac_error(
            "process %d is stopped, and only the process itself can check its heap; continue it with "
            "`kill -CONT %d`, then ask again",
            (int)target->pid, (int)target->pid);
        return false;
    }
    uint32_t asked = __atomic_add_fetch(&control->verify_asked, 1, __ATOMIC_RELEASE);
    ac_target_ring(target);
    if (!ac_target_wait(target, &control->verify_begun, asked, BEGIN_SECONDS)) {
        ac_target_say_not_obeyed(target, BEGIN_SECONDS);
        return false;
    }
    if (ac_target_wait(target, &control->verify_done, asked, END_SECONDS))
        return true;
    ac_error(
        "process %d has begun to check its heap and not ended within %.0f s: it has been stopped or has "
        "died, or what it reads is broken so that it never ends",
        (int)target->pid, END_SECONDS);
    return false;
}

int ac_cmd_verify(int argc, char **argv)
{
    static struct result result;
    struct ac_target target;
    bool as_json = false;
    enum ac_flag_id flag;
    while ((flag = ac_flag_next(AC_COMMAND_verify, argc, argv)) != AC_FLAGS_END)
        as_json = flag == AC_FLAG_verify_json;
    pid_t pid = ac_target_only_pid(argv + optind, "verify");
    if (pid < 0)
        return AC_EXIT_USAGE;
    if (!ac_target_open(pid, &target))
        return AC_EXIT_ENVIRONMENT;
    bool answered = can_verify(&target) && ask(&target) && read_result(&target, &result);
    ac_target_close(&target);
    if (!answered)
        return AC_EXIT_ENVIRONMENT;
    if (as_json)
        print_json(pid, &result);
    else
        print_text(pid, &result);
    return result.nbreaches == 0 ? AC_EXIT_DONE : AC_EXIT_FINDING;
}

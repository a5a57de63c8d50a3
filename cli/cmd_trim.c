/* SPDX-License-Identifier: MIT
 *
 * cmd_trim.c -- `acre trim`: have a process give back the memory it does not use.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "cmd.h"
#include "format.h"
#include "target.h"

#define WAIT_SECONDS 3.0

struct result {
    uint64_t before_bytes;
    uint64_t after_bytes;
    uint64_t given_bytes;
    bool obeyed;
};

static void print_text(pid_t pid, const struct result *r)
{
    char before[AC_TEXT_BYTES];
    char after[AC_TEXT_BYTES];
    char given[AC_TEXT_BYTES];
    printf("process %d: RSS %s -> %s, %s given back\n", (int)pid,
           ac_format_bytes((int64_t)r->before_bytes, before), ac_format_bytes((int64_t)r->after_bytes, after),
           ac_format_bytes((int64_t)r->given_bytes, given));
}

static void print_json(pid_t pid, const struct result *r)
{
    json_t *root =
        json_pack("{s:s, s:i, s:b, s:I, s:I, s:I}", "schema", "acre.trim/1", "pid", (int)pid, "obeyed",
                  r->obeyed, "rss_before_bytes", (json_int_t)r->before_bytes, "rss_after_bytes",
                  (json_int_t)r->after_bytes, "given_back_bytes", (json_int_t)r->given_bytes);
    json_dumpf(root, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(root);
}

static void trim(struct ac_target *target, struct result *out)
{
    struct ac_state_control *control = &target->live->control;
    out->before_bytes = ac_process_rss_bytes(target->pid);
    uint32_t asked = __atomic_add_fetch(&control->trim_asked, 1, __ATOMIC_RELEASE);
    ac_target_ring(target);
    out->obeyed = ac_target_wait(target, &control->trim_done, asked, WAIT_SECONDS);
    out->after_bytes = ac_process_rss_bytes(target->pid);
    out->given_bytes = out->obeyed ? control->trim_bytes : 0;
}

int ac_cmd_trim(int argc, char **argv)
{
    struct ac_target target;
    struct result result;
    enum ac_flag_id flag;
    bool as_json = false;
    while ((flag = ac_flag_next(AC_COMMAND_trim, argc, argv)) != AC_FLAGS_END)
        as_json = flag == AC_FLAG_trim_json;
    pid_t pid = ac_target_only_pid(argv + optind, "trim");
    if (pid < 0)
        return AC_EXIT_USAGE;
    if (!ac_target_open(pid, &target))
        return AC_EXIT_ENVIRONMENT;
    trim(&target, &result);
    if (as_json)
        print_json(pid, &result);
    else if (result.obeyed)
        print_text(pid, &result);
    if (!result.obeyed)
        ac_target_say_not_obeyed(&target, WAIT_SECONDS);
    ac_target_close(&target);
    return result.obeyed ? AC_EXIT_DONE : AC_EXIT_FINDING;
}

/* SPDX-License-Identifier: MIT
 *
 * cmd_set.c -- `acre set`: change options of a running process.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "conf.h"
#include "target.h"

#define WAIT_SECONDS 3.0

/* The row of the option in the process; its library may be another than the command knows. */
static int find_option(const struct ac_state *state, const char *name)
{
    for (uint32_t i = 0; i < state->noptions && i < AC_STATE_MAX_OPTIONS; i++) {
        if (strncmp(state->options[i].name, name, sizeof(state->options[i].name)) == 0)
            return (int)i;
    }
    return -1;
}

static int say_refused(pid_t pid, const struct ac_option_row *row, uint32_t reason)
{
    if (reason == EPERM)
        ac_error("process %d: %s can be set at the start only: ACRE_CONF=%s=...", (int)pid, row->name,
                 row->name);
    else
        ac_error("process %d refused the value of %s; `acre options explain %s` says what it takes", (int)pid,
                 row->name, row->name);
    return AC_EXIT_FINDING;
}

static int set(struct ac_target *target, const struct ac_option_row *row, uint64_t value)
{
    struct ac_state_control *control = &target->live->control;
    int option = find_option(target->live, row->name);
    if (option < 0) {
        ac_error("the library of process %d has no option %s", (int)target->pid, row->name);
        return AC_EXIT_ENVIRONMENT;
    }
    uint64_t before = target->live->options[option].value;
    __atomic_store_n(&control->set_option, (uint32_t)option, __ATOMIC_RELAXED);
    __atomic_store_n(&control->set_value, value, __ATOMIC_RELAXED);
    uint32_t asked = __atomic_add_fetch(&control->set_asked, 1, __ATOMIC_RELEASE);
    ac_target_ring(target);
    if (!ac_target_wait(target, &control->set_done, asked, WAIT_SECONDS)) {
        ac_target_say_not_obeyed(target, WAIT_SECONDS);
        return AC_EXIT_FINDING;
    }
    if (control->set_error != 0)
        return say_refused(target->pid, row, control->set_error);
    printf("process %d: %s %" PRIu64 " -> %" PRIu64 "\n", (int)target->pid, row->name, before, value);
    return AC_EXIT_DONE;
}

/* Reads all of it before anything is set. */
static bool check(const char *text)
{
    struct ac_conf_item item;
    while (ac_conf_next(&text, &item)) {
        char wrong[256];
        ac_conf_describe(&item, wrong, sizeof(wrong));
        if (wrong[0] != '\0' || !item.row) {
            ac_error("%s", wrong[0] != '\0' ? wrong : "state can be set at the start only");
            return false;
        }
    }
    return true;
}

int ac_cmd_set(int argc, char **argv)
{
    struct ac_target target;
    struct ac_conf_item item;
    while (ac_flag_next(AC_COMMAND_set, argc, argv) != AC_FLAGS_END)
        ;
    pid_t pid = ac_target_pid(argv[optind], "set");
    if (pid < 0)
        return AC_EXIT_USAGE;
    if (argc - optind < 2) {
        ac_error("set what? usage: acre set PID KEY=VALUE; `acre options` lists the keys");
        return AC_EXIT_USAGE;
    }
    for (int i = optind + 1; i < argc; i++) {
        if (!check(argv[i]))
            return AC_EXIT_USAGE;
    }
    if (!ac_target_open(pid, &target))
        return AC_EXIT_ENVIRONMENT;
    int status = AC_EXIT_DONE;
    for (int i = optind + 1; status == AC_EXIT_DONE && i < argc; i++) {
        const char *text = argv[i];
        while (status == AC_EXIT_DONE && ac_conf_next(&text, &item))
            status = set(&target, item.row, item.value);
    }
    ac_target_close(&target);
    return status;
}

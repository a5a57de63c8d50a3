/* SPDX-License-Identifier: MIT
 *
 * profile_session.c -- has a process profile its heap, or runs a program that does.
 */
#include "profile_session.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "cmd.h"
#include "format.h"
#include "library.h"
#include "target.h"
#include "vet.h"

#define OBEY_SECONDS 3.0
#define FRESH_SECONDS 0.2
#define DEFAULT_SECONDS 30.0
enum { LOOK_EVERY_MS = 100 };

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- a process ---- */

static bool is_on(const struct ac_target *target, bool *out_on)
{
    char why[AC_SEGMENT_WHY_BYTES];
    struct ac_view view;
    if (!ac_view_load(&target->segment, &view, why)) {
        ac_error("%s", why);
        return false;
    }
    const struct ac_state_profile *head = ac_view_row(&view, AC_STATE_PROFILE, 0);
    *out_on = head && head->state == AC_STATE_PROFILE_ON;
    if (!head)
        ac_error("the library of process %d has no heap profiler", (int)target->pid);
    bool ok = head != NULL;
    ac_view_free(&view);
    return ok;
}

/* Returns -1, or the exit status after saying why not. */
static int ask(struct ac_target *target, bool on, uint64_t rate_bytes)
{
    struct ac_state_control *control = &target->live->control;
    __atomic_store_n(&control->profile_on, on, __ATOMIC_RELAXED);
    __atomic_store_n(&control->profile_rate_bytes, rate_bytes, __ATOMIC_RELAXED);
    uint32_t asked = __atomic_add_fetch(&control->profile_asked, 1, __ATOMIC_RELEASE);
    ac_target_ring(target);
    if (!ac_target_wait(target, &control->profile_done, asked, OBEY_SECONDS)) {
        /* Nobody would stop what begins after this command has gone. */
        __atomic_store_n(&control->profile_on, 0, __ATOMIC_RELAXED);
        ac_error(
            "process %d has not %s its profiler within %.0f s: it is stopped or idle, or frees at once what "
            "it allocates; ACRE_CONF=profile=1 has the profiler on from the start",
            (int)target->pid, on ? "started" : "stopped", OBEY_SECONDS);
        return AC_EXIT_FINDING;
    }
    if (control->profile_error == 0 || control->profile_error == EALREADY)
        return -1;
    ac_error("process %d cannot %s its profiler: %s", (int)target->pid, on ? "start" : "stop",
             strerror((int)control->profile_error));
    return AC_EXIT_ENVIRONMENT;
}

/* Has all threads' caches counted, so that the counters are exact. What does not obey is read as it is. */
static void freshen(struct ac_target *target)
{
    struct ac_state_control *control = &target->live->control;
    uint32_t asked = __atomic_add_fetch(&control->fresh_asked, 1, __ATOMIC_RELEASE);
    ac_target_ring(target);
    ac_target_wait(target, &control->fresh_done, asked, FRESH_SECONDS);
}

static void show_progress(pid_t pid, double left)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Kprofiling process %d, %.0f s left; ^C shows what there is", (int)pid, left);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* Waits, until the time is over, the process is gone or the user has had enough. */
static void wait_for(pid_t pid, double seconds)
{
    struct sigaction before;
    const struct sigaction action = {.sa_handler = interrupt};
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    sigaction(SIGINT, &action, &before);
    interrupted = 0;
    for (double past; !interrupted && (past = seconds_since(&start)) < seconds;) {
        if (kill(pid, 0) != 0 && errno == ESRCH)
            break;
        show_progress(pid, seconds - past);
        nanosleep(&pause, NULL);
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    sigaction(SIGINT, &before, NULL);
}

static bool read_profile(const struct ac_segment *segment, struct ac_profile *out)
{
    char why[AC_PROFILE_WHY_BYTES];
    bool ok = ac_profile_from_segment(segment, out, why);
    if (!ok)
        ac_error("%s", why);
    return ok;
}

int ac_profile_process(pid_t pid, const struct ac_profile_order *order, struct ac_profile *out)
{
    struct ac_target target;
    bool was_on = false;
    int status = -1;
    double seconds = order->seconds;
    if (!ac_target_open(pid, &target))
        return AC_EXIT_ENVIRONMENT;
    ac_process_name(pid, out->program);
    if (!is_on(&target, &was_on))
        status = AC_EXIT_ENVIRONMENT;
    if (status < 0 && was_on && order->rate_bytes != 0)
        ac_error("the profiler of process %d is on already: it keeps its rate", (int)pid);
    if (status < 0 && !was_on)
        status = ask(&target, true, order->rate_bytes);
    if (seconds < 0)
        seconds = was_on ? 0 : DEFAULT_SECONDS;
    if (status < 0) {
        wait_for(pid, seconds);
        freshen(&target);
        status = read_profile(&target.segment, out) ? -1 : AC_EXIT_ENVIRONMENT;
    }
    if (status < 0 && !was_on && kill(pid, 0) == 0)
        ask(&target, false, 0);
    ac_target_close(&target);
    return status;
}

int ac_profile_switch(pid_t pid, bool on, const struct ac_profile_order *order)
{
    struct ac_target target;
    bool was_on = false;
    int status = AC_EXIT_ENVIRONMENT;
    if (!ac_target_open(pid, &target))
        return AC_EXIT_ENVIRONMENT;
    if (is_on(&target, &was_on))
        status = was_on == on ? -1 : ask(&target, on, order->rate_bytes);
    ac_target_close(&target);
    if (status >= 0)
        return status;
    if (was_on == on)
        printf("process %d: its profiler was %s already\n", (int)pid, on ? "on" : "off");
    else if (on)
        printf("process %d: its profiler is on; `acre profile %d` shows what it has, --stop stops it\n",
               (int)pid, (int)pid);
    else
        printf("process %d: its profiler is off\n", (int)pid);
    return AC_EXIT_DONE;
}

/* ---- a program ---- */

/* Before there is a process: it leaves what it finds there. */
static bool ask_for_leaks(const struct ac_segment *segment)
{
    const uint32_t yes = 1;
    return pwrite(segment->fd, &yes, sizeof(yes), offsetof(struct ac_state, control.leaks_at_exit)) ==
           sizeof(yes);
}

static int prepare(char **argv, const struct ac_profile_order *order, struct ac_vet *vet,
                   struct ac_segment *segment)
{
    static struct ac_library library;
    char conf[64];
    snprintf(conf, sizeof(conf), "profile=%" PRIu64, order->rate_bytes ? order->rate_bytes : 1);
    if (!ac_library_find(NULL, &library))
        return AC_EXIT_OWN_FAILURE;
    ac_vet_program(argv[0], &library.elf, vet);
    if (vet->status != 0) {
        ac_error("%s", vet->message);
        return vet->status;
    }
    if (!ac_segment_create(segment)) {
        ac_error("cannot make the segment for the profile: %s; the program was not started", strerror(errno));
        return AC_EXIT_OWN_FAILURE;
    }
    if (order->leaks && !ask_for_leaks(segment)) {
        ac_error("cannot write the segment for the profile: %s; the program was not started",
                 strerror(errno));
        return AC_EXIT_OWN_FAILURE;
    }
    return ac_library_preload(&library) && ac_library_configure(conf, segment->path) ? -1
                                                                                     : AC_EXIT_OWN_FAILURE;
}

int ac_profile_run(char **argv, const struct ac_profile_order *order, struct ac_view *out, char program[64],
                   int *out_status)
{
    static struct ac_vet vet;
    char why[AC_SEGMENT_WHY_BYTES];
    struct ac_outcome outcome = {0};
    struct ac_segment segment;
    int status = prepare(argv, order, &vet, &segment);
    if (status >= 0)
        return status;
    if (!ac_child_run(vet.path, argv, NULL, &outcome)) {
        ac_error("cannot start a process: %s", strerror(errno));
        return AC_EXIT_OWN_FAILURE;
    }
    if (outcome.exec_errno != 0) {
        ac_error("%s could not be started: %s", vet.path, strerror(outcome.exec_errno));
        return AC_EXIT_NOT_EXECUTABLE;
    }
    const char *slash = strrchr(argv[0], '/');
    ac_format_safely(slash ? slash + 1 : argv[0], program, sizeof(((struct ac_profile *)0)->program));
    *out_status = ac_outcome_status(&outcome);
    bool ok = ac_view_load(&segment, out, why);
    if (!ok)
        ac_error("%s", why);
    ac_segment_close(&segment);
    return ok ? -1 : *out_status;
}

int ac_profile_program(char **argv, const struct ac_profile_order *order, struct ac_profile *out,
                       int *out_status)
{
    char why[AC_PROFILE_WHY_BYTES];
    struct ac_view view = {0};
    int status = ac_profile_run(argv, order, &view, out->program, out_status);
    if (status >= 0)
        return status;
    bool ok = ac_profile_from_view(&view, out, why);
    if (!ok)
        ac_error("%s", why);
    ac_view_free(&view);
    return ok ? -1 : *out_status;
}

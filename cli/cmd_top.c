/* SPDX-License-Identifier: MIT
 *
 * cmd_top.c -- `acre top`: one process on a live screen, or all that run on acre.
 */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "format.h"
#include "process.h"
#include "screen.h"
#include "segment.h"
#include "top_page.h"

enum { MAX_PROCESSES = 1024, HEAD_ROWS = 4, SECOND_MS = 1000, ONCE_ROWS = 20 };

static const char process_foot[] =
    " i parts  c classes  t threads  l timeline  up/down scroll  p processes  space pause  q quit ";
static const char list_foot[] = " up/down choose  enter open  space pause  q quit ";

struct top {
    pid_t pid; /* 0: the list */
    struct ac_top_page page;
    bool paused;
    size_t chosen; /* in the list */
    size_t nprocesses;
    pid_t processes[MAX_PROCESSES];
    struct ac_look looks[2]; /* the last two; `now` says which is the later */
    unsigned now;
    bool looked[2];
    char trouble[AC_LOOK_WHY_BYTES];
    struct ac_lines lines;
};

static void forget_looks(struct top *top)
{
    for (unsigned i = 0; i < 2; i++) {
        if (top->looked[i])
            ac_look_free(&top->looks[i]);
        top->looked[i] = false;
    }
}

static void look_again(struct top *top)
{
    unsigned next = 1 - top->now;
    if (top->looked[next])
        ac_look_free(&top->looks[next]);
    top->looked[next] = ac_look_at(top->pid, &top->looks[next], top->trouble);
    if (top->looked[next]) {
        top->now = next;
        top->trouble[0] = '\0';
    }
}

static void list_processes(struct top *top)
{
    static struct ac_look look;
    char text[3][AC_TEXT_BYTES];
    char why[AC_LOOK_WHY_BYTES];
    top->nprocesses = ac_process_list(top->processes, MAX_PROCESSES);
    if (top->chosen >= top->nprocesses)
        top->chosen = top->nprocesses ? top->nprocesses - 1 : 0;
    top->lines.n = 0;
    ac_lines_add(&top->lines, AC_LINE_BOLD, "acre top  %zu process%s on acre", top->nprocesses,
                 top->nprocesses == 1 ? "" : "es");
    ac_lines_add(&top->lines, AC_LINE_PLAIN, "%s", "");
    ac_lines_add(&top->lines, AC_LINE_HEAD, "%8s %-16s %11s %11s %6s %8s", "PID", "PROGRAM", "RSS", "LIVE",
                 "SHARE", "THREADS");
    for (size_t i = 0; i < top->nprocesses; i++) {
        char program[AC_WHY_PROGRAM_BYTES];
        if (!ac_look_at(top->processes[i], &look, why))
            continue;
        const struct ac_identity *id = &look.why.identity;
        ac_format_safely(look.why.program, program, sizeof(program));
        ac_lines_add(&top->lines, i == top->chosen ? AC_LINE_BOLD : AC_LINE_PLAIN,
                     "%8d %-16s %11s %11s %4.0f %% %8s%s", (int)top->processes[i], program,
                     ac_format_bytes((int64_t)id->rss_bytes, text[0]),
                     ac_format_bytes(id->parts[AC_PART_live], text[1]),
                     ac_percent(id->parts[AC_PART_live], id->rss_bytes),
                     ac_format_count(look.why.nthreads, text[2]), i == top->chosen ? "  <" : "");
        ac_look_free(&look);
    }
    if (top->nprocesses == 0)
        ac_lines_add(&top->lines, AC_LINE_PLAIN, "none: `acre run -- PROGRAM` starts one");
}

static void make_page(struct top *top)
{
    unsigned before = 1 - top->now;
    if (top->pid == 0) {
        list_processes(top);
        return;
    }
    if (!top->paused)
        look_again(top);
    top->lines.n = 0;
    if (top->looked[top->now])
        ac_top_page_make(&top->looks[top->now], top->looked[before] ? &top->looks[before] : NULL, &top->page,
                         &top->lines);
    if (top->trouble[0] != '\0')
        ac_lines_add(&top->lines, AC_LINE_BOLD, "%s", top->trouble);
}

/* ---- keys ---- */

static void choose_process(struct top *top, pid_t pid)
{
    forget_looks(top);
    top->pid = pid;
    top->page.skip = 0;
    top->paused = false;
}

static void scroll(struct top *top, bool down)
{
    size_t *at = top->pid == 0 ? &top->chosen : &top->page.skip;
    if (down)
        (*at)++;
    else if (*at > 0)
        (*at)--;
}

/* False when it is the end. */
static bool obey(struct top *top, int key)
{
    static const char views[] = {
        [AC_TOP_PARTS] = 'i', [AC_TOP_CLASSES] = 'c', [AC_TOP_THREADS] = 't', [AC_TOP_TIMELINE] = 'l'};
    for (size_t i = 0; i < sizeof(views); i++) {
        if (key == views[i]) {
            top->page.view = (enum ac_top_view)i;
            top->page.skip = 0;
        }
    }
    if (key == AC_KEY_UP || key == AC_KEY_DOWN)
        scroll(top, key == AC_KEY_DOWN);
    else if (key == ' ')
        top->paused = !top->paused;
    else if (key == 'p')
        choose_process(top, 0);
    else if ((key == '\n' || key == '\r') && top->pid == 0 && top->nprocesses > 0)
        choose_process(top, top->processes[top->chosen]);
    return key != 'q' && key != AC_KEY_END;
}

static volatile sig_atomic_t ended;

static void note_end(int number)
{
    ended = number;
}

static void stay_on_screen(struct top *top)
{
    struct sigaction action = {.sa_handler = note_end};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    bool go_on = true;
    while (go_on && !ended) {
        size_t rows = ac_screen_rows();
        top->page.rows = rows > HEAD_ROWS + 1 ? rows - HEAD_ROWS - 1 : 1;
        make_page(top);
        ac_screen_draw(&top->lines, top->pid == 0 ? list_foot : process_foot);
        go_on = obey(top, ac_screen_key(SECOND_MS));
    }
}

/* ---- start ---- */

static int print_once(struct top *top)
{
    top->page.view = AC_TOP_ALL;
    top->page.rows = ONCE_ROWS;
    make_page(top);
    if (top->trouble[0] != '\0') {
        ac_error("%s", top->trouble);
        return AC_EXIT_ENVIRONMENT;
    }
    ac_lines_print(&top->lines, stdout);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return AC_EXIT_DONE;
    ac_error("could not write the result: %s", strerror(errno));
    return AC_EXIT_ENVIRONMENT;
}

static int on_screen(struct top *top)
{
    const char *reason;
    make_page(top);
    if (top->trouble[0] != '\0') {
        ac_error("%s", top->trouble);
        return AC_EXIT_ENVIRONMENT;
    }
    if (!ac_screen_open(&reason)) {
        ac_error("no screen: %s; `acre top --once` prints one", reason);
        return AC_EXIT_ENVIRONMENT;
    }
    stay_on_screen(top);
    ac_screen_close();
    return AC_EXIT_DONE;
}

int ac_cmd_top(int argc, char **argv)
{
    static struct top top;
    bool once = false;
    while (ac_flag_next(AC_COMMAND_top, argc, argv) == AC_FLAG_top_once)
        once = true;
    if (argc - optind > 1) {
        ac_error("top takes one process id or none; see `acre help top`");
        return AC_EXIT_USAGE;
    }
    if (argc - optind == 1 && !ac_pid_parse(argv[optind], &top.pid))
        return AC_EXIT_USAGE;
    top.page.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    int status = once ? print_once(&top) : on_screen(&top);
    forget_looks(&top);
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * measure.c -- runs one program and writes what it cost: wall, user and system time, peak resident memory
 * and its integral over time, page faults.
 *
 *   measure [-e NAME=VALUE]... [-v | -x] -r REPORT -- PROGRAM ARGS...
 *
 * A process starts with the peak of the one that forked it, so the runner's own interpreter must not be the
 * parent: this program is, and it is small. -e sets a variable for PROGRAM only, so that a preloaded library
 * is not also in here. -v stops PROGRAM (by ptrace) when it ends and also reports its peak address space
 * and, exact to the page, what is resident then; its times mean nothing. Resident memory is looked at every
 * 5 ms, by the kernel's counter; with -x every 20 ms by a walk of the pages, for the last figure before the
 * end and for what is in huge pages when most is resident. SIGTERM, SIGINT and SIGQUIT are passed on, so
 * that a driver can end a server it started through this. The report is one line of JSON; the exit status is
 * PROGRAM's, 128 + signal when a signal ended it, 125 when measuring failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILED 125
#define INTERVAL_NS 5000000
#define EXACT_INTERVAL_NS 20000000

struct cost {
    double wall_s;
    struct rusage usage;
    long peak_space_kib;  /* of the address space; this and the next two are 0 without -v */
    long end_rss_kib;     /* at the end, by a walk of the pages; ru_maxrss can be off by 256 KiB */
    long end_private_kib; /* of that, the anonymous part */
    long last_rss_kib;    /* when it was last looked at */
    double rss_kib_s;     /* resident memory summed over time; 0 with -v */
    long walked_rss_kib;  /* with -x, the most that was seen, and what of it was in huge pages */
    long walked_huge_kib;
    int status;
};

enum mode { PLAIN, TRACED, EXACT };

static char *variables[32];
static int nvariables;
static sigset_t awaited, usual; /* what this program waits for, and the mask PROGRAM shall have */

static int complain(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    return FAILED;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void become(char **command, int is_traced)
{
    sigprocmask(SIG_SETMASK, &usual, NULL);
    for (int i = 0; i < nvariables; i++)
        putenv(variables[i]);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a server must not outlive a runner that was stopped */
    if (is_traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(complain("ptrace"));
    execvp(command[0], command);
    _exit(complain(command[0]));
}

static long proc_field(pid_t pid, const char *name, const char *key)
{
    char path[64], line[256];
    long value = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtol(line + strlen(key), NULL, 10);
    }
    fclose(file);
    return value;
}

/* Follows the traced program to its end; its memory is still there at the stop before it. */
static void follow(pid_t pid, struct cost *cost)
{
    int is_first = 1;

    while (wait4(pid, &cost->status, 0, &cost->usage) == pid && WIFSTOPPED(cost->status)) {
        long deliver = WSTOPSIG(cost->status);

        if (is_first) {
            ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(long)PTRACE_O_TRACEEXIT);
            is_first = 0;
            deliver = 0;
        } else if (cost->status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
            cost->peak_space_kib = proc_field(pid, "status", "VmPeak:");
            cost->end_rss_kib = proc_field(pid, "smaps_rollup", "Rss:");
            cost->end_private_kib = proc_field(pid, "smaps_rollup", "Anonymous:");
            deliver = 0;
        }
        ptrace(PTRACE_CONT, pid, NULL, (void *)deliver);
    }
}

/* The file with the counter of resident pages, kept open: looking must cost next to nothing. */
static int open_counter(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static long counted_kib(int counter)
{
    char text[128];
    ssize_t length = pread(counter, text, sizeof text - 1, 0);
    char *at;

    if (length <= 0)
        return 0;
    text[length] = '\0';
    at = strchr(text, ' ');
    return at != NULL ? strtol(at, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024) : 0;
}

static long walked_kib(pid_t pid, struct cost *cost)
{
    long rss_kib = proc_field(pid, "smaps_rollup", "Rss:");

    if (rss_kib > cost->walked_rss_kib) {
        cost->walked_rss_kib = rss_kib;
        cost->walked_huge_kib = proc_field(pid, "smaps_rollup", "AnonHugePages:");
    }
    return rss_kib;
}

/* Waits for the end of the program, looks at it on the way and passes on signals that are meant for it. */
static void watch(pid_t pid, int is_exact, struct cost *cost)
{
    const struct timespec interval = {0, is_exact ? EXACT_INTERVAL_NS : INTERVAL_NS};
    int counter = open_counter(pid);
    double before_s = now_s();

    for (;;) {
        int number = sigtimedwait(&awaited, NULL, &interval);
        double at_s = now_s();
        long rss_kib;

        cost->rss_kib_s += (double)cost->last_rss_kib * (at_s - before_s);
        before_s = at_s;
        if (number == SIGCHLD && wait4(pid, &cost->status, WNOHANG, &cost->usage) == pid)
            break;
        if (number > 0 && number != SIGCHLD)
            kill(pid, number);
        rss_kib = is_exact ? walked_kib(pid, cost) : counted_kib(counter);
        if (rss_kib > 0) /* 0: it is ending */
            cost->last_rss_kib = rss_kib;
    }
    close(counter);
}

static void prepare_signals(int is_watched)
{
    sigprocmask(SIG_BLOCK, NULL, &usual);
    if (!is_watched)
        return;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGQUIT);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
}

static int run(char **command, enum mode mode, struct cost *cost)
{
    double begin_s;
    pid_t pid;

    prepare_signals(mode != TRACED);
    begin_s = now_s();
    pid = fork();
    if (pid < 0)
        return complain("fork");
    if (pid == 0)
        become(command, mode == TRACED);
    if (mode == TRACED)
        follow(pid, cost);
    else
        watch(pid, mode == EXACT, cost);
    cost->wall_s = now_s() - begin_s;
    return WIFSIGNALED(cost->status) ? 128 + WTERMSIG(cost->status) : WEXITSTATUS(cost->status);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int report(const char *path, const struct cost *cost, int status)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return complain(path);
    fprintf(file, "{\"wall_s\": %.6f, \"user_s\": %.6f, \"sys_s\": %.6f, \"rss_kib\": %ld, ", cost->wall_s,
            seconds(cost->usage.ru_utime), seconds(cost->usage.ru_stime), cost->usage.ru_maxrss);
    fprintf(file, "\"minor_faults\": %ld, \"major_faults\": %ld, \"space_kib\": %ld, ", cost->usage.ru_minflt,
            cost->usage.ru_majflt, cost->peak_space_kib);
    fprintf(file, "\"end_rss_kib\": %ld, \"end_private_kib\": %ld, ", cost->end_rss_kib,
            cost->end_private_kib);
    if (cost->walked_rss_kib != 0)
        fprintf(file, "\"walked_rss_kib\": %ld, \"walked_huge_kib\": %ld, ", cost->walked_rss_kib,
                cost->walked_huge_kib);
    fprintf(file, "\"last_rss_kib\": %ld, \"rss_mib_s\": %.4f, \"status\": %d}\n", cost->last_rss_kib,
            cost->rss_kib_s / 1024, status);
    return fclose(file) == 0 ? status : complain(path);
}

int main(int argc, char **argv)
{
    struct cost cost = {0};
    const char *path = NULL;
    enum mode mode = PLAIN;
    int option, status;

    while ((option = getopt(argc, argv, "+e:r:vx")) != -1) {
        if (option == 'e' && nvariables < 32)
            variables[nvariables++] = optarg;
        else if (option == 'r')
            path = optarg;
        else if (option == 'v')
            mode = TRACED;
        else if (option == 'x')
            mode = EXACT;
        else
            return FAILED;
    }
    if (path == NULL || optind == argc) {
        fputs("usage: measure [-e NAME=VALUE]... [-v | -x] -r REPORT -- PROGRAM ARGS...\n", stderr);
        return FAILED;
    }
    status = run(argv + optind, mode, &cost);
    return report(path, &cost, status);
}

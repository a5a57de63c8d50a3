/* SPDX-License-Identifier: MIT
 *
 * measure.c -- runs one program and writes what it cost: wall, user and system time, peak resident memory,
 * page faults.
 *
 *   measure [-e NAME=VALUE]... [-v] -r REPORT -- PROGRAM ARGS...
 *
 * A process starts with the peak of the one that forked it, so the runner's own interpreter must not be
 * the parent: this program is, and it is small. -e sets a variable for PROGRAM only, so that a preloaded
 * library is not also in here. -v stops PROGRAM (by ptrace) when it ends and also reports its peak address
 * space and, exact to the page, what is resident then; its times mean nothing. The report is one line of
 * JSON; the exit status is PROGRAM's, 128 + signal when a signal ended it, 125 when measuring failed.
 */
#include <errno.h>
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

struct cost {
    double wall_s;
    struct rusage usage;
    long peak_space_kib;  /* of the address space; this and the next two are 0 without -v */
    long end_rss_kib;     /* at the end, by a walk of the pages; ru_maxrss can be off by 256 KiB */
    long end_private_kib; /* of that, the anonymous part */
    int status;
};

static char *variables[32];
static int nvariables;

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

static int run(char **command, int is_traced, struct cost *cost)
{
    double begin_s = now_s();
    pid_t pid = fork();

    if (pid < 0)
        return complain("fork");
    if (pid == 0)
        become(command, is_traced);
    if (is_traced) {
        follow(pid, cost);
    } else {
        while (wait4(pid, &cost->status, 0, &cost->usage) < 0 && errno == EINTR)
            continue;
    }
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
    fprintf(file, "\"end_rss_kib\": %ld, \"end_private_kib\": %ld, \"status\": %d}\n", cost->end_rss_kib,
            cost->end_private_kib, status);
    return fclose(file) == 0 ? status : complain(path);
}

int main(int argc, char **argv)
{
    struct cost cost = {0};
    const char *path = NULL;
    int is_traced = 0, option, status;

    while ((option = getopt(argc, argv, "+e:r:v")) != -1) {
        if (option == 'e' && nvariables < 32)
            variables[nvariables++] = optarg;
        else if (option == 'r')
            path = optarg;
        else if (option == 'v')
            is_traced = 1;
        else
            return FAILED;
    }
    if (path == NULL || optind == argc) {
        fputs("usage: measure [-e NAME=VALUE]... [-v] -r REPORT -- PROGRAM ARGS...\n", stderr);
        return FAILED;
    }
    status = run(argv + optind, is_traced, &cost);
    return report(path, &cost, status);
}

/* SPDX-License-Identifier: MIT
 *
 * child.c -- runs a program as if nobody stood between it and its starter, and measures it.
 *
 * Signals: the terminal sends its signals to the whole process group, so the program gets them by itself
 * and this process only has to survive them. A signal that a process sent (kill, sigqueue) may have been
 * meant for the program by someone who knows only our number: it is passed on. The kernel marks the two
 * kinds in si_code. The program starts with the dispositions and the mask that this process was started
 * with.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "segment.h"

struct signal_plan {
    sigset_t taken; /* signals this process waits for       */
    sigset_t mask_before;
    struct sigaction chld_before;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Blocks what would end this process and is to be passed on. The stop signals keep their effect: a shell
 * must see its job stop. SIGCHLD must not be ignored while we wait, or the status is lost. */
static void plan_signals(struct signal_plan *plan)
{
    static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigemptyset(&plan->taken);
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        sigaddset(&plan->taken, passed_on[i]);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        sigaddset(&plan->taken, number);
    sigaction(SIGCHLD, &by_default, &plan->chld_before);
    sigaddset(&plan->taken, SIGCHLD);
    sigprocmask(SIG_BLOCK, &plan->taken, &plan->mask_before);
}

static void become(const char *path, char **argv, const struct signal_plan *plan, int report_fd)
{
    sigaction(SIGCHLD, &plan->chld_before, NULL);
    sigprocmask(SIG_SETMASK, &plan->mask_before, NULL);
    execve(path, argv, environ);
    int reason = errno;
    ssize_t unused = write(report_fd, &reason, sizeof(reason));
    (void)unused;
    _exit(127);
}

/* The errno of a failed execve, 0 when it went well: then the pipe closes without a word. */
static int exec_result(int fd)
{
    int reason;
    return read(fd, &reason, sizeof(reason)) == (ssize_t)sizeof(reason) ? reason : 0;
}

static void pass_on(const siginfo_t *signal, pid_t pid)
{
    bool sent_by_process =
        signal->si_code == SI_USER || signal->si_code == SI_TKILL || signal->si_code == SI_QUEUE;
    /* A program in another process group does not hear our terminal signals. */
    if (!sent_by_process && getpgid(pid) == getpgrp())
        return;
    if (signal->si_code == SI_QUEUE)
        sigqueue(pid, signal->si_signo, signal->si_value);
    else
        kill(pid, signal->si_signo);
}

/* The next signal to act on. A watcher looks at once, then at longer and longer intervals. */
static int next_signal(const struct signal_plan *plan, siginfo_t *out, const struct ac_watcher *watcher,
                       long *interval_ns)
{
    enum { SHORTEST_NS = 1000000, LONGEST_NS = 20000000 };
    if (!watcher)
        return sigwaitinfo(&plan->taken, out);
    *interval_ns = *interval_ns == 0 ? SHORTEST_NS : *interval_ns * 5 / 4;
    if (*interval_ns > LONGEST_NS)
        *interval_ns = LONGEST_NS;
    const struct timespec interval = {.tv_nsec = *interval_ns};
    return sigtimedwait(&plan->taken, out, &interval);
}

static bool wait_for(struct ac_outcome *outcome, const struct signal_plan *plan,
                     const struct ac_watcher *watcher)
{
    long interval_ns = 0;
    for (;;) {
        pid_t ended = wait4(outcome->pid, &outcome->wait_status, WNOHANG, &outcome->usage);
        if (ended == outcome->pid)
            return true;
        if (ended < 0 && errno != EINTR)
            return false;
        siginfo_t signal;
        int number = next_signal(plan, &signal, watcher, &interval_ns);
        if (number > 0 && number != SIGCHLD)
            pass_on(&signal, outcome->pid);
        else if (number < 0 && watcher)
            watcher->look(outcome->pid, watcher->context);
    }
}

static bool close_on_exec_pipe(int fds[2])
{
    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    fds[0] = ac_fd_above_streams(fds[0]);
    fds[1] = ac_fd_above_streams(fds[1]);
    return fds[0] >= 0 && fds[1] >= 0;
}

bool ac_child_run(const char *path, char **argv, const struct ac_watcher *watcher,
                  struct ac_outcome *out_outcome)
{
    struct signal_plan plan;
    int fds[2];
    if (!close_on_exec_pipe(fds))
        return false;
    plan_signals(&plan);
    out_outcome->start_ns = now_ns();
    out_outcome->pid = fork();
    if (out_outcome->pid < 0)
        return false;
    if (out_outcome->pid == 0)
        become(path, argv, &plan, fds[1]);
    /* From here on a closed pipe under stderr must not cost the program its exit status. */
    signal(SIGPIPE, SIG_IGN);
    close(fds[1]);
    out_outcome->exec_errno = exec_result(fds[0]);
    close(fds[0]);
    if (!wait_for(out_outcome, &plan, watcher))
        return false;
    out_outcome->wall_ns = now_ns() - out_outcome->start_ns;
    return true;
}

int ac_outcome_status(const struct ac_outcome *outcome)
{
    int status = outcome->wait_status;
    return WIFSIGNALED(status) ? AC_EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

/* SPDX-License-Identifier: MIT
 *
 * inject.c -- runs a program and refuses some of the system calls that one of its libraries makes, from
 * outside.
 *
 *   inject LIBRARY KINDS FIRST LAST REPORT PROGRAM ARGUMENTS...
 *
 * LIBRARY is part of the name of a mapped file; calls made from elsewhere pass. KINDS is a list such as
 * `mmap,madvise`. Calls number FIRST to LAST of those kinds, counted over all threads and children, get an
 * error. REPORT gets the number of calls seen. The exit status is the program's, 128 + signal when one
 * ended it, 125 when something is wrong here. A seccomp filter stops those calls alone, so all else runs
 * at full speed.
 */
#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BROKEN = 125, MAX_KINDS = 16, MAX_PLACES = 64 };

struct kind {
    const char *name;
    long nr;
    int error;
};

static const struct kind known[] = {
    {"mmap", SYS_mmap, ENOMEM},       {"munmap", SYS_munmap, ENOMEM},        {"mremap", SYS_mremap, ENOMEM},
    {"madvise", SYS_madvise, EINVAL}, {"membarrier", SYS_membarrier, EPERM}, {"clone", SYS_clone, EAGAIN},
};

static const struct kind *kinds[MAX_KINDS];
static unsigned nkinds;

/* Where the library's code lies, in each process that was asked about. */
static struct place {
    pid_t pid;
    uint64_t from;
    uint64_t to;
    uint64_t not_here; /* a page of code known to be elsewhere */
} places[MAX_PLACES];

static void broken(const char *what)
{
    fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
    exit(BROKEN);
}

static void parse_kinds(char *text)
{
    for (char *word = strtok(text, ","); word != NULL; word = strtok(NULL, ",")) {
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (strcmp(word, known[i].name) == 0 && nkinds < MAX_KINDS)
                kinds[nkinds++] = &known[i];
    }
}

static const struct kind *kind_of(long nr)
{
    for (unsigned i = 0; i < nkinds; i++)
        if (kinds[i]->nr == nr)
            return kinds[i];
    return NULL;
}

static void become_traced(char **command)
{
    struct sock_filter code[MAX_KINDS + 3];
    unsigned short n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < nkinds; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)kinds[i]->nr,
                                                 (uint8_t)(nkinds - i), 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    struct sock_fprog filter = {n, code};
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0 || raise(SIGSTOP) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        broken("cannot be traced");
    execvp(command[0], command);
    broken(command[0]);
}

static struct place *place_of(pid_t pid)
{
    static unsigned next;
    for (unsigned i = 0; i < MAX_PLACES; i++)
        if (places[i].pid == pid)
            return &places[i];
    struct place *place = &places[next++ % MAX_PLACES];
    *place = (struct place){.pid = pid};
    return place;
}

static void find_library(struct place *place, const char *library)
{
    char path[64];
    char line[600];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)place->pid);
    FILE *maps = fopen(path, "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char access[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, access) == 3 && access[2] == 'x' &&
            strstr(line, library)) {
            place->from = from;
            place->to = to;
        }
    }
    if (maps != NULL)
        fclose(maps);
}

static int is_from_library(pid_t pid, uint64_t at, const char *library)
{
    struct place *place = place_of(pid);
    if (at - place->from < place->to - place->from)
        return 1;
    if (at >> 12 == place->not_here)
        return 0;
    find_library(place, library);
    if (at - place->from < place->to - place->from)
        return 1;
    place->not_here = at >> 12;
    return 0;
}

static unsigned long long nseen;

/* A call that the filter stopped. */
static void judge(pid_t pid, const char *library, unsigned long long first, unsigned long long last)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
        return;
    const struct kind *kind = kind_of((long)regs.orig_rax);
    if (kind == NULL || !is_from_library(pid, regs.rip, library))
        return;
    nseen++;
    if (nseen < first || nseen > last)
        return;
    regs.orig_rax = (unsigned long long)-1;
    regs.rax = (unsigned long long)-(long long)kind->error;
    ptrace(PTRACE_SETREGS, pid, 0, &regs);
}

/* The wait status of the program. */
static int trace(pid_t program, const char *library, unsigned long long first, unsigned long long last)
{
    int status;
    int result = BROKEN << 8;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (pid == program)
                result = status;
            continue;
        }
        int signal = WSTOPSIG(status);
        int event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP)
            judge(pid, library, first, last);
        if (event == PTRACE_EVENT_EXEC)
            *place_of(pid) = (struct place){.pid = pid};
        if (event != 0 || signal == SIGSTOP || signal == SIGTRAP)
            signal = 0;
        ptrace(PTRACE_CONT, pid, 0, signal);
    }
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "usage: inject LIBRARY KINDS FIRST LAST REPORT PROGRAM ARGUMENTS...\n");
        return BROKEN;
    }
    parse_kinds(argv[2]);
    int status;
    pid_t program = fork();
    if (program == 0)
        become_traced(argv + 6);
    if (program < 0 || waitpid(program, &status, 0) != program || !WIFSTOPPED(status))
        broken("cannot trace");
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, program, 0, options) != 0)
        broken("cannot trace");
    ptrace(PTRACE_CONT, program, 0, 0);
    status = trace(program, argv[1], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    FILE *report = fopen(argv[5], "w");
    if (report == NULL)
        broken(argv[5]);
    fprintf(report, "%llu\n", nseen);
    fclose(report);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* SPDX-License-Identifier: MIT
 *
 * The part of os.h that hears of accesses to pages without access, on Linux.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/os.h"

#include "os/syscall.h"

#include <asm/unistd.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

static ac_os_access_handler *handler;
static struct sigaction before;

static void read_context(const ucontext_t *context, struct ac_os_access *out_access)
{
#if defined(__x86_64__)
    out_access->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    out_access->sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
    out_access->kind = (context->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "write" : "read";
#elif defined(__aarch64__)
    out_access->pc = context->uc_mcontext.pc;
    out_access->sp = context->uc_mcontext.sp;
    out_access->kind = "access";
#endif
}

static void act_by_default(void)
{
    struct sigaction dfl;
    memset(&dfl, 0, sizeof dfl);
    sigaction(SIGSEGV, &dfl, NULL);
}

/* To whoever was there before; by default the access is repeated on return, and ends the process. A signal
 * that was sent is sent once more. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    if ((before.sa_flags & SA_SIGINFO) != 0) {
        before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    } else if (before.sa_handler == SIG_DFL || info->si_code > 0) {
        act_by_default();
        if (info->si_code <= 0)
            ac_sys3(__NR_tgkill, ac_os_pid(), ac_sys1(__NR_gettid, 0), number);
    }
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    struct ac_os_access access = {.addr = (uintptr_t)info->si_addr};
    enum ac_os_verdict verdict = AC_OS_NOT_OURS;
    read_context(context, &access);
    if (info->si_code > 0)
        verdict = handler(&access);
    if (verdict == AC_OS_NOT_OURS)
        pass_on(number, info, context);
    else if (verdict == AC_OS_END)
        act_by_default();
}

void ac_os_watch_accesses(ac_os_access_handler *to)
{
    struct sigaction ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = on_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    handler = to;
    sigaction(SIGSEGV, &ours, &before);
}

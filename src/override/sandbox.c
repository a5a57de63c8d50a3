/* SPDX-License-Identifier: MIT
 *
 * The calls by which a program restricts itself: seccomp and what goes before it (no_new_privs), and leaving
 * a namespace, which only a process of one thread may do. The idle helper is a thread and makes system calls
 * of its own, so it is stopped before. Like deepbind.c only in the library to preload.
 *
 * A filter installed by syscall(2) is not seen here; libseccomp and all that the kernel lets in without
 * privileges set no_new_privs first.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "base/compiler.h"
#include "core/segment.h"
#include "heap/helper.h"
#include "os/os.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A thread that has ended counts for a moment longer. */
#define MAX_TRIES 50
#define TRY_AGAIN_NS 100000u

static void restrict_self(void)
{
    ac_segment_forbid_files();
    ac_helper_stop(true);
}

AC_EXPORT int prctl(int option, ...)
{
    va_list list;
    unsigned long args[4];
    va_start(list, option);
    for (unsigned i = 0; i < 4; i++)
        args[i] = va_arg(list, unsigned long);
    va_end(list);
    if (option == PR_SET_SECCOMP || (option == PR_SET_NO_NEW_PRIVS && args[0] == 1))
        restrict_self();
    return (int)syscall(SYS_prctl, option, args[0], args[1], args[2], args[3]);
}

static int leave_namespace(long number, long first, long second)
{
    static uint32_t never;
    bool stopped = ac_helper_stop(false);
    int result = (int)syscall(number, first, second);
    for (unsigned i = 0; stopped && result != 0 && errno == EINVAL && i < MAX_TRIES; i++) {
        ac_os_wait(&never, 0, TRY_AGAIN_NS);
        result = (int)syscall(number, first, second);
    }
    return result;
}

AC_EXPORT int unshare(int flags)
{
    return leave_namespace(SYS_unshare, flags, 0);
}

AC_EXPORT int setns(int fd, int kind)
{
    return leave_namespace(SYS_setns, fd, kind);
}

/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * The copy is made by clone(2) itself: libc's fork would run the program's handlers and wait for locks of
 * its own. It has no signal to send at its end, so that no handler and no wait of the program's hears of it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/snapshot.h"

#include "os/os.h"
#include "os/syscall.h"

#include <asm/errno.h>
#include <asm/unistd.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#define MAX_PAGES 64u
#define IN_MEMORY ((uint64_t)1 << 63)
#define IN_SWAP ((uint64_t)1 << 62)

/* What goes wrong here must end the copy, not run a handler of the program's; and no core of it is wanted. */
static void be_a_copy(unsigned seconds)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } as_ever;
    const struct itimerval timer = {.it_value.tv_sec = seconds};
    const struct rlimit no_core = {0, 0};
    const unsigned long alarm = 1ul << (SIGALRM - 1);
    memset(&as_ever, 0, sizeof as_ever);
    ac_sys4(__NR_rt_sigaction, SIGALRM, &as_ever, NULL, sizeof as_ever.mask);
    ac_sys4(__NR_rt_sigprocmask, SIG_UNBLOCK, &alarm, NULL, sizeof alarm);
    ac_sys3(__NR_setitimer, ITIMER_REAL, &timer, NULL);
    ac_sys4(__NR_prlimit64, 0, RLIMIT_CORE, &no_core, NULL);
    ac_sys2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
}

uint32_t ac_os_snapshot(void (*fn)(void *), void *arg, unsigned seconds)
{
    const unsigned long all = ~0ul;
    unsigned long old;
    if (ac_sys_failed(ac_sys4(__NR_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof all)))
        return 0;
    long pid = ac_sys6(__NR_clone, 0, 0, 0, 0, 0, 0);
    if (pid == 0) {
        be_a_copy(seconds);
        fn(arg);
        for (;;)
            ac_sys1(__NR_exit_group, 0);
    }
    ac_sys4(__NR_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof old);
    return ac_sys_failed(pid) ? 0 : (uint32_t)pid;
}

bool ac_os_snapshot_end(uint32_t pid)
{
    int status = -1;
    long ended;
    do {
        ended = ac_sys4(__NR_wait4, pid, &status, __WALL, NULL);
    } while (ended == -EINTR);
    return ended == (long)pid && status == 0;
}

/* ---- memory ---- */

/* What cannot be told counts as written. */
static void find_touched(int pagemap, bool shared, uintptr_t from, size_t npages, bool *out)
{
    size_t page = getauxval(AT_PAGESZ);
    uint64_t entries[MAX_PAGES] = {0};
    unsigned char resident[MAX_PAGES] = {0};
    long bytes = (long)(npages * sizeof entries[0]);
    bool known =
        shared ? !ac_sys_failed(ac_sys3(__NR_mincore, from, npages * page, resident))
               : ac_sys4(__NR_pread64, pagemap, entries, bytes, from / page * sizeof entries[0]) == bytes;
    for (size_t i = 0; i < npages; i++) {
        if (known)
            out[i] = shared ? (resident[i] & 1) != 0 : (entries[i] & (IN_MEMORY | IN_SWAP)) != 0;
        else
            out[i] = true;
    }
}

/* Of a piece where something cannot be read, all pages that can. */
static size_t copy_pages(char *out, uintptr_t from, size_t bytes, size_t page)
{
    if (ac_os_copy(out, from, bytes))
        return bytes;
    size_t copied = 0;
    for (size_t at = 0; at < bytes; at += page) {
        if (ac_os_copy(out + at, from + at, page))
            copied += page;
        else
            memset(out + at, 0, page);
    }
    return copied;
}

static size_t copy_window(int pagemap, bool shared, char *out, uintptr_t from, size_t npages)
{
    size_t page = getauxval(AT_PAGESZ);
    size_t copied = 0;
    bool touched[MAX_PAGES];
    find_touched(pagemap, shared, from, npages, touched);
    for (size_t i = 0, n; i < npages; i += n) {
        for (n = 1; i + n < npages && touched[i + n] == touched[i]; n++)
            ;
        if (touched[i])
            copied += copy_pages(out + i * page, from + i * page, n * page, page);
        else
            memset(out + i * page, 0, n * page);
    }
    return copied;
}

size_t ac_os_copy_touched(int pagemap, bool shared, void *out, uintptr_t from, size_t bytes)
{
    size_t page = getauxval(AT_PAGESZ);
    size_t copied = 0;
    for (size_t at = 0; at < bytes; at += MAX_PAGES * page) {
        size_t left = (bytes - at) / page;
        copied +=
            copy_window(pagemap, shared, (char *)out + at, from + at, left < MAX_PAGES ? left : MAX_PAGES);
    }
    return copied;
}

/* ---- stacks ---- */

#if defined(__x86_64__)
/* The head of libc's struct pthread, part of the calling convention: words 0 and 2 are its own address; 5 and
 * 6 are the canary and the key that all threads share. Its clock is named after the thread's id. */
bool ac_os_is_dead_thread(const void *copy, uintptr_t at)
{
    const uint64_t *theirs = copy;
    uint64_t mine[8];
    clockid_t clock;
    if (theirs[0] != at || theirs[2] != at)
        return false;
    memcpy(mine, (const void *)(uintptr_t)pthread_self(), sizeof mine);
    if (theirs[5] != mine[5] || theirs[6] != mine[6])
        return false;
    return pthread_getcpuclockid((pthread_t)at, &clock) != 0 || (~((uint32_t)clock >> 3) & 0x1fffffff) == 0;
}
#else
bool ac_os_is_dead_thread(const void *copy, uintptr_t at)
{
    (void)copy;
    (void)at;
    return false;
}
#endif

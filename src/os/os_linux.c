/* SPDX-License-Identifier: MIT
 *
 * The contract of os.h on Linux, by raw system calls.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/os.h"

#include "base/atomic.h"
#include "os/syscall.h"

#include <asm/errno.h>
#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

void *ac_os_map(uintptr_t hint, size_t bytes)
{
    long result = ac_sys6(__NR_mmap, (long)hint, (long)bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ac_sys_failed(result))
        return NULL;
    if ((unsigned long)result >> 47 != 0) {
        ac_os_unmap((void *)result, bytes);
        return NULL;
    }
    return (void *)result;
}

void *ac_os_map_aligned(uintptr_t hint, size_t bytes, size_t align)
{
    char *p = ac_os_map(hint, bytes);
    if (p == NULL || ((uintptr_t)p & (align - 1)) == 0)
        return p;
    ac_os_unmap(p, bytes);
    size_t slack = align - getauxval(AT_PAGESZ);
    if (bytes + slack < bytes)
        return NULL;
    p = ac_os_map(hint, bytes + slack);
    if (p == NULL)
        return NULL;
    size_t head = (align - ((uintptr_t)p & (align - 1))) & (align - 1);
    if (head != 0)
        ac_os_unmap(p, head);
    if (slack != head)
        ac_os_unmap(p + head + bytes, slack - head);
    return p + head;
}

bool ac_os_unmap(void *addr, size_t bytes)
{
    return !ac_sys_failed(ac_sys2(__NR_munmap, addr, bytes));
}

bool ac_os_purge(void *addr, size_t bytes)
{
    return !ac_sys_failed(ac_sys3(__NR_madvise, addr, bytes, MADV_DONTNEED));
}

bool ac_os_resize(void *addr, size_t old_bytes, size_t new_bytes)
{
    return !ac_sys_failed(ac_sys4(__NR_mremap, addr, old_bytes, new_bytes, 0));
}

/* Kernels before 6.17 unmap the target before they find most reasons to refuse; then it is mapped again, if
 * nobody has taken its place. Later ones leave it. A token in its first word tells the target from another's
 * mapping; the system compares it, so that nothing is read that may be gone. */
bool ac_os_move(void *addr, size_t old_bytes, size_t new_bytes, void *target, bool *out_lost)
{
    const struct timespec at_once = {0, 0};
    const uint32_t token = (uint32_t)((uintptr_t)target >> 12) | 1;
    *out_lost = false;
    *(uint32_t *)target = token;
    if (!ac_sys_failed(ac_sys6(__NR_mremap, (long)addr, (long)old_bytes, (long)new_bytes,
                               MREMAP_MAYMOVE | MREMAP_FIXED, (long)target, 0)))
        return true;
    long again = ac_sys6(__NR_mmap, (long)target, (long)new_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (again == (long)target)
        return false;
    if (!ac_sys_failed(again)) /* kernels before 4.17 take the address for a hint */
        ac_os_unmap((void *)again, new_bytes);
    *out_lost = ac_sys4(__NR_futex, target, FUTEX_WAIT_PRIVATE, token, &at_once) != -ETIMEDOUT;
    if (!*out_lost)
        *(uint32_t *)target = 0;
    return false;
}

void ac_os_avoid_huge_pages(void *addr, size_t bytes)
{
    ac_sys3(__NR_madvise, addr, bytes, MADV_NOHUGEPAGE);
}

bool ac_os_fill_huge_pages(void *addr, size_t bytes, void *at)
{
    if (ac_sys_failed(ac_sys3(__NR_madvise, addr, bytes, MADV_HUGEPAGE)))
        return false;
    *(volatile char *)at = 0;
    ac_os_avoid_huge_pages(addr, bytes);
    return true;
}

bool ac_os_wipe_on_fork(void *addr, size_t bytes)
{
    return !ac_sys_failed(ac_sys3(__NR_madvise, addr, bytes, MADV_WIPEONFORK));
}

static size_t page_size_bytes;

size_t ac_os_page_size(void)
{
    if (page_size_bytes == 0)
        page_size_bytes = getauxval(AT_PAGESZ);
    return page_size_bytes;
}

void ac_os_pretend_page_size(size_t bytes)
{
    size_t real = getauxval(AT_PAGESZ);
    page_size_bytes = bytes > real && (bytes & (bytes - 1)) == 0 ? bytes : real;
}

uint64_t ac_os_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void ac_os_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    struct timespec t = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                         .tv_nsec = (long)(timeout_ns % 1000000000u)};
    ac_sys4(__NR_futex, word, FUTEX_WAIT_PRIVATE, value, timeout_ns != 0 ? &t : NULL);
}

void ac_os_wake(uint32_t *word, int nwaiters)
{
    ac_sys3(__NR_futex, word, FUTEX_WAKE_PRIVATE, nwaiters);
}

bool ac_os_barrier_all(void)
{
    if (!ac_sys_failed(ac_sys3(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)))
        return true;
    ac_sys3(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    return !ac_sys_failed(ac_sys3(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

bool ac_os_write(int fd, const char *text, size_t len)
{
    while (len > 0) {
        long n = ac_sys3(__NR_write, fd, text, len);
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

void ac_os_abort(void)
{
    unsigned long abrt = 1ul << (SIGABRT - 1);
    long tid = ac_sys1(__NR_gettid, 0);
    ac_sys4(__NR_rt_sigprocmask, SIG_UNBLOCK, &abrt, NULL, sizeof abrt);
    ac_sys3(__NR_tgkill, ac_os_pid(), tid, SIGABRT);
    /* A handler returned: take the default action as abort(3) does. */
    struct sigaction dfl;
    memset(&dfl, 0, sizeof dfl);
    ac_sys4(__NR_rt_sigaction, SIGABRT, &dfl, NULL, sizeof abrt);
    ac_sys3(__NR_tgkill, ac_os_pid(), tid, SIGABRT);
    for (;;)
        ac_sys1(__NR_exit_group, 127);
}

uintptr_t ac_os_brk(void)
{
    return (uintptr_t)ac_sys1(__NR_brk, 0);
}

bool ac_os_is_mapped(uintptr_t addr)
{
    /* A wait that ends at once, whatever the word holds. mincore would say yes to pages without access. */
    struct timespec none = {0, 0};
    return ac_sys4(__NR_futex, addr & ~(uintptr_t)3, FUTEX_WAIT_PRIVATE, 0, &none) != -EFAULT;
}

/* Up to cap - 1 bytes of a small file, as a string. False when it cannot be read. */
static bool read_text(const char *path, char *out_text, size_t cap)
{
    long fd = ac_sys4(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (ac_sys_failed(fd))
        return false;
    long len = ac_sys3(__NR_read, fd, out_text, cap - 1);
    ac_sys1(__NR_close, fd);
    out_text[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* A decimal number and what follows it up to the next one. */
static size_t scan_number(const char **at)
{
    size_t n = 0;
    const char *p = *at;
    for (; *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (size_t)(*p - '0');
    while (*p == ' ' || *p == '\t')
        p++;
    *at = p;
    return n;
}

/* The second number of /proc/self/statm. */
size_t ac_os_rss_bytes(void)
{
    char text[128];
    const char *at = text;
    if (!read_text("/proc/self/statm", text, sizeof text))
        return 0;
    scan_number(&at);
    return scan_number(&at) * getauxval(AT_PAGESZ);
}

unsigned ac_os_cpu_count(void)
{
    uint64_t mask[128] = {0}; /* 8192 processors */
    unsigned count = 0;
    long bytes = ac_sys3(__NR_sched_getaffinity, 0, sizeof mask, mask);
    if (ac_sys_failed(bytes))
        return 0;
    for (size_t i = 0; i < (size_t)bytes / sizeof mask[0]; i++)
        count += (unsigned)__builtin_popcountll(mask[i]);
    return count;
}

/* The first thread's /proc entry, from the line that begins with `name` on; NULL when it cannot be read. */
static const char *find_status(char *out_text, size_t cap, const char *name)
{
    if (!read_text("/proc/self/status", out_text, cap))
        return NULL;
    const char *at = strstr(out_text, name);
    return at == NULL ? NULL : at + strlen(name);
}

bool ac_os_has_leaders_credentials(void)
{
    char text[1024];
    uint32_t mine[3];
    const char *at = find_status(text, sizeof text, "\nUid:\t");
    if (at == NULL || ac_sys_failed(ac_sys3(__NR_getresuid, &mine[0], &mine[1], &mine[2])))
        return true;
    for (unsigned i = 0; i < 3; i++) {
        if (scan_number(&at) != mine[i])
            return false;
    }
    return true;
}

bool ac_os_may_ignore_advice(void)
{
    return getauxval(AT_SYSINFO_EHDR) == 0;
}

bool ac_os_is_restricted(void)
{
    char text[2560];
    return find_status(text, sizeof text, "\nNoNewPrivs:\t1") != NULL &&
           strstr(text, "\nSeccomp:\t2") != NULL;
}

/* The first time by the system call, while no sandbox can forbid it yet: the way through libc would make
 * 64 KiB of its text resident in every program. The clock of a thread is named by its id. */
uint32_t ac_os_thread_id(void)
{
    static uint8_t is_asked;
    clockid_t clock;
    if (!ac_load_rlx(&is_asked)) {
        ac_store_rlx(&is_asked, 1);
        return (uint32_t)ac_sys1(__NR_gettid, 0);
    }
    if (pthread_getcpuclockid(pthread_self(), &clock) != 0)
        return 0;
    return ~((uint32_t)clock >> 3) & 0x1fffffff;
}

uint32_t ac_os_pid(void)
{
    return (uint32_t)ac_sys1(__NR_getpid, 0);
}

const char *ac_os_env(const char *name)
{
    if (getauxval(AT_SECURE) != 0 || environ == NULL)
        return NULL;
    size_t len = strlen(name);
    for (char **e = environ; *e != NULL; e++) {
        if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
            return *e + len + 1;
    }
    return NULL;
}

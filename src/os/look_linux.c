/* SPDX-License-Identifier: MIT
 *
 * The part of os.h with which the process looks at itself: its calls, its memory, its clocks, files.
 *
 * The unwinder is that of the compiler's runtime, linked into the library. It finds its tables through libc's
 * _dl_find_object, which takes no lock, so it may run while another thread holds the loader's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/os.h"
#include "os/snapshot.h"

#include "os/syscall.h"

#include <asm/unistd.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/uio.h>
#include <time.h>
#include <unwind.h>

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t ac_os_exact_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t ac_os_calendar_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

/* ---- calls ---- */

/* Of the library or program that this is in: the linker's. */
extern const ElfW(Ehdr) __ehdr_start AC_HIDDEN;

struct walk {
    uintptr_t *addrs;
    unsigned n;
    unsigned max;
    uintptr_t own_start;
    uintptr_t own_bytes; /* 0: acre is a part of the program, whose calls are the question */
};

/* The library's code. */
static void find_own(struct walk *walk)
{
    uintptr_t start = (uintptr_t)&__ehdr_start;
    const ElfW(Phdr) *segment = (const void *)(start + __ehdr_start.e_phoff);
    if ((uintptr_t)segment == getauxval(AT_PHDR))
        return;
    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++, segment++) {
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            walk->own_start = start + segment->p_vaddr;
            walk->own_bytes = segment->p_memsz;
        }
    }
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    int before_insn = 0;
    uintptr_t at = _Unwind_GetIPInfo(context, &before_insn) + (before_insn != 0);
    if (walk->n == 0 && at - walk->own_start < walk->own_bytes)
        return _URC_NO_REASON;
    if (at <= 1 || walk->n == walk->max)
        return _URC_END_OF_STACK;
    walk->addrs[walk->n++] = at;
    return _URC_NO_REASON;
}

AC_NOINLINE unsigned ac_os_unwind(uintptr_t *out_addrs, unsigned max)
{
    struct walk walk = {out_addrs, 0, max, 0, 0};
    find_own(&walk);
    _Unwind_Backtrace(visit, &walk);
    return walk.n;
}

/* ---- the exit ---- */

/* What of the C library and the loader is on the stack of an exit. */
struct exit_walk {
    struct ac_os_frame *out;
    struct walk own;
    void *libc;
    void *loader;
};

/* By their numbers in DWARF: those that a called function gives back as they were. */
#if defined(__x86_64__)
static const uint8_t saved_registers[] = {3, 6, 12, 13, 14, 15};
#else
static const uint8_t saved_registers[] = {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29};
#endif

/* NULL when it is in no object. */
static void *object_of(uintptr_t at)
{
    struct dl_find_object object;
    return _dl_find_object((void *)at, &object) == 0 ? object.dlfo_link_map : NULL;
}

static _Unwind_Reason_Code visit_exit(struct _Unwind_Context *context, void *arg)
{
    struct exit_walk *walk = arg;
    uintptr_t at = _Unwind_GetIP(context) - 1;
    if (at + 1 <= 1)
        return _URC_END_OF_STACK;
    void *object = object_of(at);
    walk->out->sp = _Unwind_GetCFA(context);
    if (at - walk->own.own_start < walk->own.own_bytes || object == walk->libc || object == walk->loader)
        return _URC_NO_REASON;
    for (unsigned i = 0; i < sizeof saved_registers; i++)
        walk->out->registers[i] = _Unwind_GetGR(context, saved_registers[i]);
    return _URC_END_OF_STACK;
}

AC_NOINLINE void ac_os_find_exit(struct ac_os_frame *out)
{
    struct exit_walk walk = {.out = out};
    memset(out, 0, sizeof *out);
    find_own(&walk.own);
    walk.libc = object_of((uintptr_t)&getauxval);
    walk.loader = object_of(getauxval(AT_BASE));
    if (walk.own.own_bytes != 0 && walk.libc != NULL && walk.loader != NULL)
        _Unwind_Backtrace(visit_exit, &walk);
}

/* ---- memory and files ---- */

bool ac_os_own_data(uintptr_t *out_start, size_t *out_bytes)
{
    uintptr_t start = (uintptr_t)&__ehdr_start;
    const ElfW(Phdr) *segment = (const void *)(start + __ehdr_start.e_phoff);
    if ((uintptr_t)segment == getauxval(AT_PHDR))
        return false;
    *out_bytes = 0;
    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++, segment++) {
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0) {
            *out_start = start + segment->p_vaddr;
            *out_bytes = segment->p_memsz;
        }
    }
    return *out_bytes != 0;
}

bool ac_os_copy(void *out, uintptr_t from, size_t bytes)
{
    struct iovec to = {out, bytes};
    struct iovec at = {(void *)from, bytes};
    return ac_sys6(__NR_process_vm_readv, (long)ac_os_pid(), (long)&to, 1, (long)&at, 1, 0) == (long)bytes;
}

static int open_with(const char *path, long flags)
{
    return (int)ac_sys4(__NR_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

int ac_os_open(const char *path)
{
    return open_with(path, O_RDONLY);
}

int ac_os_create(const char *path)
{
    return open_with(path, O_WRONLY | O_CREAT | O_TRUNC);
}

size_t ac_os_read(int fd, char *out_text, size_t cap)
{
    long n = ac_sys3(__NR_read, fd, out_text, cap);
    return n > 0 ? (size_t)n : 0;
}

void ac_os_close(int fd)
{
    ac_sys1(__NR_close, fd);
}

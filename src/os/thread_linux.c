/* SPDX-License-Identifier: MIT
 *
 * A thread made by clone(2) alone. libc does not know it: no pthread structure, no cancellation, no part in
 * __libc_single_threaded, and so nothing in the program behaves differently because it exists. In return
 * it may not call libc.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/os.h"

#include "os/syscall.h"

#include <asm/unistd.h>
#include <sched.h>
#include <signal.h>

#define CLONE_FLAGS                                                                                          \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |                      \
     CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

struct start {
    void (*fn)(void *);
    void *arg;
};

/* First code of the new thread, on its own stack. */
__attribute__((used, noinline, noreturn)) static void thread_entry(struct start *start)
{
    start->fn(start->arg);
    for (;;)
        ac_sys1(__NR_exit, 0);
}

#if defined(__x86_64__)
/* The child returns from the system call on an empty stack, so it may not run compiled code that uses the
 * old frame: it goes straight to thread_entry. */
static long clone_raw(struct start *start, uint32_t *alive)
{
    long result;
    register long r10 __asm__("r10") = (long)alive;
    register long r8 __asm__("r8") = 0;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%rsp, %%rdi\n\t"
        "and $-16, %%rsp\n\t"
        "call *%[entry]\n\t"
        "1:"
        : "=a"(result)
        : "0"(__NR_clone), "D"(CLONE_FLAGS), "S"(start), "d"(alive), "r"(r10),
          "r"(r8), [entry] "b"(thread_entry)
        : "rcx", "r11", "memory");
    return result;
}
#else
static long clone_raw(struct start *start, uint32_t *alive)
{
    register long x8 __asm__("x8") = __NR_clone;
    register long x0 __asm__("x0") = CLONE_FLAGS;
    register long x1 __asm__("x1") = (long)start;
    register long x2 __asm__("x2") = (long)alive;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = (long)alive;
    __asm__ volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "mov x0, sp\n\t"
        "blr %[entry]\n\t"
        "1:"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [entry] "r"(thread_entry)
        : "x30", "memory");
    return x0;
}
#endif

bool ac_os_start_thread(void (*fn)(void *), void *arg, void *stack, size_t stack_bytes, uint32_t *alive)
{
    struct start *start = (struct start *)(void *)((char *)stack + stack_bytes - 64);
    start->fn = fn;
    start->arg = arg;
    unsigned long all = ~0ul;
    unsigned long old;
    if (ac_sys_failed(ac_sys4(__NR_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof all)))
        return false;
    long tid = clone_raw(start, alive);
    ac_sys4(__NR_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof old);
    return !ac_sys_failed(tid);
}

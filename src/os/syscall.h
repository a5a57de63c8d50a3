/* SPDX-License-Identifier: MIT
 *
 * syscall.h -- a system call as one instruction, with the kernel's own result (negative errno on failure).
 *
 * Knows:      the calling convention of the processor.
 * Does not know: any system call.
 * Invariants: OS1 of os.h: errno is never touched.
 * Threads:    nothing here has state.
 */
#ifndef AC_OS_SYSCALL_H
#define AC_OS_SYSCALL_H

#include "base/compiler.h"

#include <stdbool.h>

AC_INLINE bool ac_sys_failed(long result)
{
    return (unsigned long)result > -4096UL;
}

#if defined(__x86_64__)
AC_INLINE long ac_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
AC_INLINE long ac_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#else
#error "acre runs on x86-64 and aarch64"
#endif

#define ac_sys1(nr, a) ac_sys6((nr), (long)(a), 0, 0, 0, 0, 0)
#define ac_sys2(nr, a, b) ac_sys6((nr), (long)(a), (long)(b), 0, 0, 0, 0)
#define ac_sys3(nr, a, b, c) ac_sys6((nr), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define ac_sys4(nr, a, b, c, d) ac_sys6((nr), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

#endif

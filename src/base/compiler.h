/* SPDX-License-Identifier: MIT
 *
 * compiler.h -- what the compiler and the processor lend us under one name.
 *
 * Knows:      GCC and Clang attributes; the one machine instruction the fast paths need.
 * Does not know: the allocator, the system.
 * Invariants: CC1 this is the only file of the portable part with conditional code for compilers and
 *             processors.
 * Threads:    nothing here has state.
 */
#ifndef AC_BASE_COMPILER_H
#define AC_BASE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AC_LIKELY(x) __builtin_expect(!!(x), 1)
#define AC_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define AC_INLINE static inline __attribute__((always_inline, unused))
#define AC_NOINLINE __attribute__((noinline))
#define AC_COLD __attribute__((noinline, cold))
#define AC_NORETURN __attribute__((noreturn))
#define AC_ALIGNED(n) __attribute__((aligned(n)))
#define AC_HIDDEN __attribute__((visibility("hidden")))
#define AC_EXPORT __attribute__((visibility("default")))
#define AC_CACHE_LINE 64
#define AC_STATIC_ASSERT(cond, why) _Static_assert(cond, why)

/* Keeps the compiler from moving memory accesses across this point; no instruction. */
AC_INLINE void ac_compiler_barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

/* The same, for a value that is about to be returned: it is put into the return register here and not
 * moved there later. */
AC_INLINE void *ac_compiler_barrier_return(void *value)
{
#if defined(__x86_64__)
    __asm__ volatile("" : "+a"(value) : : "memory");
#else
    __asm__ volatile("" : "+r"(value) : : "memory");
#endif
    return value;
}

AC_INLINE void ac_cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* Add to words[index] and return what it was, in a way that a signal handler on this thread sees either
 * before or after, never between. Other processors get no such promise (that is what a lock prefix would
 * add, and cost). */
AC_INLINE uint64_t ac_local_fetch_add(void *words, size_t index, uint64_t add)
{
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    __asm__ volatile("xaddq %0, (%1,%2,8)" : "+r"(add) : "r"(words), "r"(index) : "memory", "cc");
    return add;
#elif defined(__aarch64__) && !defined(__SANITIZE_THREAD__)
    /* Any exception loses the reservation. Compilers would call an out-of-line helper here. */
    uint64_t *word = (uint64_t *)words + index;
    uint64_t before;
    uint64_t after;
    uint32_t lost;
    __asm__ volatile(
        "1: ldxr %0, %3\n\t"
        "add %1, %0, %4\n\t"
        "stxr %w2, %1, %3\n\t"
        "cbnz %w2, 1b"
        : "=&r"(before), "=&r"(after), "=&r"(lost), "+Q"(*word)
        : "r"(add)
        : "memory");
    return before;
#else
    uint64_t before = __atomic_fetch_add((uint64_t *)words + index, add, __ATOMIC_RELAXED);
    ac_compiler_barrier(); /* what follows may not be moved in front of it */
    return before;
#endif
}

/* Comparisons of a register with words[index + offset] in one instruction: compilers otherwise spend
 * another on the sum. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define AC_WORD_COMPARE(flag, value, words, index, offset)                                                   \
    ({                                                                                                       \
        bool yes_;                                                                                           \
        __asm__ volatile("cmpq %c4(%2,%3,8), %1"                                                             \
                         : "=@cc" flag(yes_)                                                                 \
                         : "r"(value), "r"(words), "r"(index), "i"((offset)*8)                               \
                         : "memory");                                                                        \
        yes_;                                                                                                \
    })
#define AC_WORD_LE_SIGNED(value, words, index, offset) AC_WORD_COMPARE("le", value, words, index, offset)
#define AC_WORD_AE(value, words, index, offset) AC_WORD_COMPARE("ae", value, words, index, offset)
#else
#define AC_WORD_LE_SIGNED(value, words, index, offset)                                                       \
    ((int64_t)(value) <= (int64_t)__atomic_load_n(&(words)[(index) + (offset)], __ATOMIC_RELAXED))
#define AC_WORD_AE(value, words, index, offset)                                                              \
    ((value) >= __atomic_load_n(&(words)[(index) + (offset)], __ATOMIC_RELAXED))
#endif

typedef uint16_t __attribute__((may_alias)) ac_u16_alias;

#endif

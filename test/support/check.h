/* SPDX-License-Identifier: MIT
 *
 * check.h -- check macros for test programs that run on the allocator under test.
 *
 * A failed check prints "file:line: what failed, with the values" on stderr and exits with status 1.
 * Nothing here allocates, and the end is _exit(), so a check reports even when malloc is broken, in a signal
 * handler, in a forked child and before main. C11 and C++.
 *
 *   CHECK(cond)                 cond holds
 *   CHECK_EQ(actual, expected)  equal; integers, enums and pointers, printed in decimal and hex
 *   CHECK_LE(a, b)              a <= b, as unsigned 64-bit numbers
 *   CHECK_ERRNO(expected)       errno has this value (0: nobody touched it since errno = 0)
 *   CHECK_CASE(fmt, ...)        names the case at hand; printed with the next failed check of this thread
 *   check_note(fmt, ...)        a line on stderr
 *   check_skip(fmt, ...)        cannot be tested here: says why, ends with status 77 (ctest: skipped)
 */
#ifndef AC_TEST_CHECK_H
#define AC_TEST_CHECK_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__cplusplus)
#define CHECK_THREAD_LOCAL thread_local
#else
#define CHECK_THREAD_LOCAL _Thread_local
#endif

enum { CHECK_LINE_BYTES = 512, CHECK_SKIPPED = 77 };

static CHECK_THREAD_LOCAL char check_case_text[160] __attribute__((unused));

/* snprintf into the caller's stack and one write(2): glibc's snprintf does not allocate for these formats. */
__attribute__((unused)) static void check_print(const char *line)
{
    size_t left = strlen(line);
    while (left > 0) {
        ssize_t done = write(STDERR_FILENO, line, left);
        if (done <= 0)
            return;
        line += done;
        left -= (size_t)done;
    }
}

__attribute__((unused, format(printf, 1, 2))) static void check_note(const char *format, ...)
{
    char line[CHECK_LINE_BYTES];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    size_t end = length < (int)sizeof line - 1 ? (size_t)length : sizeof line - 2;
    line[end] = '\n';
    line[end + 1] = '\0';
    check_print(line);
}

__attribute__((unused, format(printf, 1, 2))) static void check_set_case(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(check_case_text, sizeof check_case_text, format, args);
    va_end(args);
}

__attribute__((unused, noreturn, cold)) static void check_failed(const char *file, int line, const char *what)
{
    const char *before = check_case_text[0] ? " [case: " : "";
    const char *after = check_case_text[0] ? "]" : "";
    check_note("%s:%d: check failed: %s%s%s%s", file, line, what, before, check_case_text, after);
    _exit(1);
}

__attribute__((unused, noreturn, cold)) static void check_failed_values(const char *file, int line,
                                                                        const char *what, uint64_t actual,
                                                                        uint64_t expected)
{
    char text[CHECK_LINE_BYTES / 2];
    snprintf(text, sizeof text, "%s: %lld (0x%llx) against %lld (0x%llx)", what, (long long)actual,
             (unsigned long long)actual, (long long)expected, (unsigned long long)expected);
    check_failed(file, line, text);
}

__attribute__((unused, noreturn, format(printf, 1, 2))) static void check_skip(const char *format, ...)
{
    char reason[CHECK_LINE_BYTES / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    check_note("skipped: %s", reason);
    _exit(CHECK_SKIPPED);
}

#define CHECK(cond)                                                                                          \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            check_failed(__FILE__, __LINE__, #cond);                                                         \
    } while (0)

#define CHECK_VALUES(a, op, b)                                                                               \
    do {                                                                                                     \
        uint64_t check_a = (uint64_t)(a), check_b = (uint64_t)(b);                                           \
        if (!(check_a op check_b))                                                                           \
            check_failed_values(__FILE__, __LINE__, #a " " #op " " #b, check_a, check_b);                    \
    } while (0)

#define CHECK_EQ(actual, expected) CHECK_VALUES(actual, ==, expected)
#define CHECK_LE(a, b) CHECK_VALUES(a, <=, b)

#define CHECK_ERRNO(expected)                                                                                \
    do {                                                                                                     \
        int check_errno = errno;                                                                             \
        if (check_errno != (expected))                                                                       \
            check_failed_values(__FILE__, __LINE__, "errno == " #expected, (uint64_t)check_errno,            \
                                (uint64_t)(expected));                                                       \
    } while (0)

#define CHECK_CASE(...) check_set_case(__VA_ARGS__)

/* The value, hidden from the optimiser: the compiler can neither judge nor remove the call it is used in. */
__attribute__((unused, always_inline)) static inline size_t check_opaque(size_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

/* The block, known to be used: the compiler cannot pair a malloc with its free and drop both. */
__attribute__((unused, always_inline)) static inline void *check_escape(void *block)
{
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

#endif

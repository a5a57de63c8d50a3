/* SPDX-License-Identifier: MIT
 *
 * unit.h -- the frame of the unit tests: cmocka, with every test in a forked process of its own, because
 * the engine's state is the process's and cannot be started over.
 *
 *   static void test_bits__align(void **state) { ... }
 *   static const struct unit_test tests[] = {UNIT_TEST(test_bits__align)};
 *   UNIT_MAIN(tests)
 *
 * A program that gets names of tests as arguments runs only those.
 */
#ifndef AC_TEST_UNIT_H
#define AC_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct unit_test {
    struct CMUnitTest test;
    const char *defect; /* a known defect of the engine, because of which the test fails; NULL: none */
};

#define UNIT_TEST(fn)                                                                                        \
    {                                                                                                        \
        cmocka_unit_test(fn), NULL                                                                           \
    }

/* The test has to fail until the defect is repaired; when it passes, the run fails and says that the mark
 * can go. */
#define UNIT_DEFECT(fn, what)                                                                                \
    {                                                                                                        \
        cmocka_unit_test(fn), what                                                                           \
    }

/* The same, where only ThreadSanitizer sees the defect. */
#if defined(__SANITIZE_THREAD__)
#define UNIT_RACE(fn, what) UNIT_DEFECT(fn, what)
#else
#define UNIT_RACE(fn, what) UNIT_TEST(fn)
#endif

#define UNIT_MAIN(tests)                                                                                     \
    int main(int argc, char **argv)                                                                          \
    {                                                                                                        \
        return unit_main(tests, sizeof(tests) / sizeof(tests)[0], argc, argv);                               \
    }

int unit_main(const struct unit_test *tests, size_t ntests, int argc, char **argv);

/* Runs fn(arg) in a forked process and returns its result, 0 to 100; 200 + signal when a signal ended it. */
int unit_in_child(int (*fn)(void *), void *arg);

/* fn(arg) has to end the process with a line that contains `text`. This process goes on unharmed. */
void unit_expect_death(void (*fn)(void *), void *arg, const char *text);

/* Runs fn(arg) in a thread from its birth to its death and returns what it returns. */
void *unit_in_thread(void *(*fn)(void *), void *arg);

/* A thread that has run fn(arg) and now stands still for ever, alive. */
void unit_in_standing_thread(void (*fn)(void *), void *arg);

/* A repeatable random number; *state is the seed and must not be 0. */
uint64_t unit_random(uint64_t *state);

/* A pattern at both ends of a block and once a page, and whether it is still there. */
void unit_fill(void *block, size_t size, uint64_t seed);
bool unit_is_filled(const void *block, size_t size, uint64_t seed);
bool unit_is_zero(const void *block, size_t size);

#endif

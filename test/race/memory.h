/* SPDX-License-Identifier: MIT
 *
 * memory.h -- between checker.c (who goes on) and memory.c (what is seen).
 */
#ifndef AC_TEST_RACE_MEMORY_H
#define AC_TEST_RACE_MEMORY_H

#include <stdbool.h>

/* Start over: all threads see everything. */
void memory_begin(void);

/* A full fence in a thread. */
void memory_fence(int thread);

/* The thread (-1: the main one) sees all that was ever written. */
void memory_see_all(int thread);

/* Places that two threads have accessed atomically, in any run so far. */
unsigned memory_nshared(void);

unsigned race_choose(unsigned of, bool free);
void race_step(void);

/* Print what is done. */
extern bool memory_trace;

/* A place has turned out to be shared: the runs begin again. */
void race_restart(void) __attribute__((noreturn));

/* On the present thread's stack, or in its thread-local storage. */
bool race_is_private(const void *addr);

#endif

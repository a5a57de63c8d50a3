/* SPDX-License-Identifier: MIT
 *
 * memory.h -- between checker.c (who goes on) and memory.c (what is seen).
 */
#ifndef AC_TEST_RACE_MEMORY_H
#define AC_TEST_RACE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Where in the code the access at hand is. */
extern void *memory_code;

/* Accesses by the present thread; the orders are the compiler's __ATOMIC_*. */
enum memory_change { EXCHANGE, ADD, AND, OR };
void memory_plain(void *addr, size_t bytes, bool write);
uint64_t memory_load(void *addr, unsigned bytes, int order);
void memory_store(void *addr, uint64_t value, unsigned bytes, int order);
uint64_t memory_change(void *addr, uint64_t operand, unsigned bytes, int order, enum memory_change how);
bool memory_compare_exchange(void *addr, uint64_t *expected, uint64_t value, unsigned bytes, int order,
                             int failure);

/* A place has turned out to be shared: the runs begin again. */
void race_restart(void) __attribute__((noreturn));

/* On the present thread's stack, or in its thread-local storage. */
bool race_is_private(const void *addr);

#endif

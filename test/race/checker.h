/* SPDX-License-Identifier: MIT
 *
 * checker.h -- a model checker for the engine's own code: every interleaving of a few threads, with weak
 * memory.
 *
 * The engine is compiled with -fsanitize=thread, but linked to checker.c instead of that tool's library.
 * So every access of memory of the real code, not of a model of it, comes here. Threads are coroutines;
 * who goes on at each atomic access to something shared, and which of the values that C11 allows an atomic
 * load returns, are choices, and the checker runs the scenario once for each sequence of choices that
 * deviates at most `deviations` times from "the same thread goes on, and loads return the newest value".
 * Choices that have to be made (the thread has ended or waits) are free.
 *
 * Memory      a location that is accessed atomically is a list of messages (value, what its writer had
 *             seen); each thread has a view, the oldest message it may still read of each location.
 *             Acquire takes over the view of a released message, RMW reads the last message. Stores are
 *             ordered as they are executed, and loads are not delayed past later stores: these two effects
 *             of C11 are not explored. Plain accesses see the newest value, and are checked for data races
 *             by vector clocks.
 * Failures    a data race, an engine fault, a scenario's own check, a deadlock.
 *
 * After each run everything the code wrote is put back, from a log. A run is told by its choices, which
 * are printed when it fails and can be given to run it again.
 */
#ifndef AC_TEST_RACE_CHECKER_H
#define AC_TEST_RACE_CHECKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RACE_MAX_THREADS = 4 };

struct race_scenario {
    const char *name;
    void (*setup)(void);                     /* once, alone; its effects are where every run begins */
    void (*threads[RACE_MAX_THREADS])(void); /* each a coroutine */
    void (*end)(void);                       /* after the last thread of each run, alone: what must hold */
    unsigned deviations;
};

/* Explores all of it. True when no run fails. */
bool race_check(const struct race_scenario *scenario, uint64_t max_runs);

/* ---- for scenarios and the machine they run on (machine.c) ---- */

/* Ends the run: it has failed. */
void race_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define RACE_CHECK(cond)                                                                                     \
    do {                                                                                                     \
        if (!(cond))                                                                                         \
            race_fail("%s:%d: %s", __FILE__, __LINE__, #cond);                                               \
    } while (0)

/* 0 .. RACE_MAX_THREADS - 1; -1 in setup and end. */
int race_self(void);

/* True when all other threads have come to their end. */
bool race_is_last(void);

/* Lets another thread go on, if there is one, at no price. */
void race_yield(void);

/* Sleeps until race_wake of the same word, if its newest value is `value`. */
void race_wait(uint32_t *word, uint32_t value);
void race_wake(uint32_t *word, int nwaiters);

/* A full barrier in every thread, one after the other. */
void race_barrier_all(void);

/* As in the child of a fork by this thread: the others are gone wherever they stand, and all stores are
 * seen. */
void race_fork(void);

/* A plain write by the system or by code that is not compiled for the checker. */
void race_note_write(void *addr, size_t bytes);

/* Memory that is as after setup at the beginning of every run; writes are not looked at. */
void race_log(void *addr, size_t bytes);

#endif

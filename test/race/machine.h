/* SPDX-License-Identifier: MIT
 *
 * machine.h -- the machine under the checker: memory from one reserved range, no time, sleeping by the
 * checker.
 */
#ifndef AC_TEST_RACE_MACHINE_H
#define AC_TEST_RACE_MACHINE_H

#include <stdbool.h>

/* The barrier does nothing and says it has: a planted fault. */
extern bool machine_has_no_barrier;

/* Threads given to ac_os_start_thread in this run. */
extern unsigned machine_nstarted;

/* From now on a thread that is started is a failure. */
extern bool machine_forbids_threads;

/* For a coroutine of a scenario: is the last of those threads, from its start to its end. */
void machine_run_started(void);
bool machine_has_started(void); /* and it has not ended */

/* What libc does at the end of a thread: the destructor of the key. */
void machine_end_thread(void);

/* fork() by this thread; it goes on as the child. */
void machine_fork(void);

#endif

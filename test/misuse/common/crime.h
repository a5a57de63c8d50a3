/* SPDX-License-Identifier: MIT
 *
 * crime.h -- what the misuse programs share: a block of the kind asked for, threads and children that do
 * one thing.
 *
 * A program defines crime(); main() is in crime.c and calls it with the kind named on the command line in
 * force.
 */
#ifndef AC_TEST_CRIME_H
#define AC_TEST_CRIME_H

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The deed. It returns when nobody stopped it; the program then exits with 0. */
void crime(void);

/* A new block of the kind named on the command line ("small" when none is); the requested size of such a
 * block. */
void *get_block(void);
size_t block_size(void);

/* Allocate `n` more blocks of the kind; free them all. */
void hold_others(unsigned n);
void free_others(void);

/* Allocate and free 1000 blocks of the kind: past the first frees of a class, which are checked one by one.
 * */
void warm_up(void);

/* Start up to two threads that wait, so that starting them need not happen in the middle of a crime. */
void start_threads(unsigned n);

/* Run `act(argument)` in the next of them, or in a new one, and wait for the thread's end; its result. */
void *in_thread(void *(*act)(void *), void *argument);

/* Run `act(argument)` in a forked child, then end this process the way the child ended. */
void in_child(void (*act)(void *), void *argument);

/* free() and get_block() in the form in_thread() takes. */
void *free_act(void *block);
void *get_block_act(void *unused);

/* The C23 functions, which older C libraries lack: weak, so that programs link and find acre's when they
 * run. */
void free_sized(void *block, size_t size) __attribute__((weak));
void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

/* Print why and exit with status 1: an attack worked or a legal program failed. */
void lost(const char *reason) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif

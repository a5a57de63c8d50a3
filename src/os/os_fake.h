/* SPDX-License-Identifier: MIT
 *
 * os_fake.h -- the unit tests' machine: os.h over a reserved range of real memory, with its own books.
 *
 * Which pages are mapped is written down, and every call is held against the contract of os.h: what is
 * unmapped, purged, resized or moved must be mapped, lengths and addresses must be whole pages. A breach
 * prints one line and ends the process as ac_os_abort does. Memory that is not mapped cannot be touched
 * (SIGSEGV). Placement is the same in every run: the highest gap that fits, as the kernel does.
 *
 * Knows:      the contract of os.h.
 * Does not know: the allocator.
 * Invariants: FK1 mapped pages that were never touched, or purged since, read as zero; FK2 a refused call
 *             changes nothing; FK3 errno is never changed.
 * Threads:    the calls of os.h: any. The functions below: one thread at a time, except the
 *             ac_fake_thread_* ones.
 */
#ifndef AC_OS_OS_FAKE_H
#define AC_OS_OS_FAKE_H

#include "base/compiler.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

enum ac_fake_call {
    AC_FAKE_MAP,
    AC_FAKE_MAP_ALIGNED,
    AC_FAKE_UNMAP,
    AC_FAKE_PURGE,
    AC_FAKE_RESIZE,
    AC_FAKE_MOVE,
    AC_FAKE_WIPE_ON_FORK,
    AC_FAKE_BARRIER,
    AC_FAKE_START_THREAD,
    AC_FAKE_CALL_COUNT,
    AC_FAKE_ANY = AC_FAKE_CALL_COUNT /* the calls that follow the first seven, taken together */
};

enum ac_fake_page { AC_FAKE_ABSENT, AC_FAKE_ZERO, AC_FAKE_RESIDENT };

/* ---- faults ---- */

/* Refuse the nth call from now (1 is the next) of a kind, or from that one on all of them. One plan a
 * kind. */
void ac_fake_fail(enum ac_fake_call call, uint64_t nth, bool from_then_on);

/* Forget all plans. */
void ac_fake_heal(void);

uint64_t ac_fake_calls(enum ac_fake_call call);
uint64_t ac_fake_refusals(enum ac_fake_call call);

/* Bytes of unmap calls that were refused: what a caller may be excused for having lost. */
size_t ac_fake_refused_unmap_bytes(void);

/* The address space, and the number of separate mappings, that the process may have; 0: no limit. */
void ac_fake_limit_bytes(size_t bytes);
void ac_fake_limit_mappings(unsigned count);

/* Place everything from now on below this address (0: anywhere), hints not heeded. */
void ac_fake_place_below(uintptr_t limit);

/* What the system offers to guard memory with; nothing at first. */
void ac_fake_offer_guards(bool markers, bool mapped);

/* Guards that lie in a range, in whole or in part. */
unsigned ac_fake_guards(const void *addr, size_t bytes);

/* Call fn(arg) once, after the next successful call of a kind, as another thread would come in between. */
void ac_fake_intrude(enum ac_fake_call call, void (*fn)(void *), void *arg);

/* ---- what is there ---- */

enum ac_fake_page ac_fake_page_state(const void *addr);
size_t ac_fake_mapped_bytes(void);
size_t ac_fake_resident_bytes(void);
unsigned ac_fake_mappings(void);
/* The ith mapping from below; false when there are not so many. */
bool ac_fake_mapping(unsigned i, uintptr_t *out_base, size_t *out_bytes);
uintptr_t ac_fake_space_base(void);
size_t ac_fake_space_bytes(void);

/* ---- time, environment, output ---- */

void ac_fake_advance_ns(uint64_t ns);

/* The value of ACRE_CONF; NULL: not set. The text is not copied. */
void ac_fake_set_conf(const char *text);

/* What ac_os_map_file finds at a path. */
void ac_fake_set_file(const char *path, void *content, size_t bytes);

/* What was written to any descriptor, as one string; cut at a few KiB. */
const char *ac_fake_written(void);
void ac_fake_forget_written(void);

/* Where ac_os_abort goes (with value 1) instead of ending the process; NULL: it ends. */
void ac_fake_catch_abort(sigjmp_buf *target);

/* ---- threads and forks ---- */

/* As in the child after fork: pages to be wiped read as zero, the process has another id. */
void ac_fake_fork(void);

/* Run the functions given to ac_os_start_thread here, one after another, each until it returns or, in a
 * wait with a timeout, the clock has advanced by for_ns in all; such waits return at once and advance it.
 * Returns how many have returned; the others are still there and start over at the next call. */
unsigned ac_fake_run_threads(uint64_t for_ns);

/* ThreadSanitizer cannot see the system's barrier. Under it ac_os_barrier_all waits until every thread
 * between begin and end has called pass; elsewhere these do nothing. */
void ac_fake_thread_begin(void);
void ac_fake_thread_pass(void);
void ac_fake_thread_end(void);

/* ---- between os_fake.c (memory) and, in test/unit, fake_faults.c and fake_machine.c ---- */

/* Count a call; true when it is to fail. */
bool ac_fake_is_refused(enum ac_fake_call call);

/* After a call that succeeded, with no lock held. */
void ac_fake_let_intruder_in(enum ac_fake_call call);

bool ac_fake_is_file(const void *addr);
void ac_fake_wipe(void);

#endif

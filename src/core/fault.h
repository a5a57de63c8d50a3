/* SPDX-License-Identifier: MIT
 *
 * fault.h -- the end of a process that misused the heap.
 *
 * Knows:      the table of crimes, fault.def.
 * Does not know: how a crime is recognised.
 * Invariants: FA1 nothing is allocated and no lock is taken; FA2 one line is written to stderr first.
 * Threads:    any, also in signal handlers.
 */
#ifndef AC_CORE_FAULT_H
#define AC_CORE_FAULT_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

enum ac_fault {
#define AC_FAULT(id, text) AC_FAULT_##id,
#include "core/fault.def"
#undef AC_FAULT
    AC_FAULT_COUNT
};

/* addr: the pointer the program passed. size_class_bytes: of its block, 0 when it has none. note: what
 * else is known, or NULL. The line names the thread and what looks like its calls. Then the process ends, by
 * SIGABRT or, with on_error=trap, right here. */
AC_NORETURN void ac_fault_raise(enum ac_fault fault, const void *addr, uint32_t size_class_bytes,
                                const char *note);

#define AC_FAULT_NO_SIZE SIZE_MAX

/* The same where the program can go on as if it had not called: returns when on_error=report. size_bytes:
 * that the block was asked for with, or AC_FAULT_NO_SIZE. */
void ac_fault_report(enum ac_fault fault, const void *addr, uint32_t size_class_bytes, size_t size_bytes,
                     const char *note);

/* The line alone, and the end alone, for who has more to say in between. access: what the processor has
 * refused, or NULL. ac_fault_end returns when on_error=report. */
struct ac_os_access;
void ac_fault_tell(enum ac_fault fault, const void *addr, size_t size_bytes, const char *note,
                   const struct ac_os_access *access);
void ac_fault_end(void);

/* Who did something to a block, to be told in a line of its own when that turns out to matter. */
#define AC_FAULT_TRACE_CALLS 16u
struct ac_fault_trace {
    uint32_t thread;
    uint32_t ncalls;
    uintptr_t calls[AC_FAULT_TRACE_CALLS]; /* as ac_os_unwind tells them */
};
void ac_fault_trace_here(struct ac_fault_trace *out_trace);
void ac_fault_trace(const char *what, const struct ac_fault_trace *trace);

#endif

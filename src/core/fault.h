/* SPDX-License-Identifier: MIT
 *
 * fault.h -- the end of a process that misused the heap.
 *
 * Knows:      the table of crimes, fault.def.
 * Does not know: how a crime is recognised.
 * Invariants: FA1 nothing is allocated and no lock is taken; FA2 one line is written to stderr, then SIGABRT.
 * Threads:    any, also in signal handlers.
 */
#ifndef AC_CORE_FAULT_H
#define AC_CORE_FAULT_H

#include "base/compiler.h"

enum ac_fault {
#define AC_FAULT(id, text) AC_FAULT_##id,
#include "core/fault.def"
#undef AC_FAULT
    AC_FAULT_COUNT
};

/* addr: the pointer the program passed. size_class_bytes: of its block, 0 when it has none. note: what
 * else is known, or NULL. */
AC_NORETURN void ac_fault_raise(enum ac_fault fault, const void *addr, uint32_t size_class_bytes,
                                const char *note);

#endif

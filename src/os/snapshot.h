/* SPDX-License-Identifier: MIT
 *
 * snapshot.h -- a copy of the process to look into, and what only such a look needs of the machine.
 *
 * Knows:      clone without libc, /proc/self/pagemap, the shape of libc's thread stacks.
 * Does not know: what is looked for.
 * Invariants: those of os.h; SN1 the copy runs none of the program's handlers, and is gone when
 *             ac_os_snapshot_end returns.
 * Threads:    any; what is called in the copy is alone there.
 */
#ifndef AC_OS_SNAPSHOT_H
#define AC_OS_SNAPSHOT_H

#include "base/compiler.h"

/* Run fn(arg) in a copy of the process as it is now, with only this thread, at most `seconds`. Returns its
 * process id, or 0 when refused. Private memory is the copy's own; what is mapped shared is not. */
uint32_t ac_os_snapshot(void (*fn)(void *), void *arg, unsigned seconds);

/* Wait for it. True when fn returned. */
bool ac_os_snapshot_end(uint32_t pid);

/* Copy memory of this process, a multiple of pages, with zeros for pages that nothing was ever written to
 * and those that cannot be read. pagemap: of /proc/self/pagemap, or -1. Returns how many bytes were read. */
size_t ac_os_copy_touched(int pagemap, bool shared, void *out, uintptr_t from, size_t bytes);

/* The variables of the library that this is in. False when it is a part of the program. */
bool ac_os_own_data(uintptr_t *out_start, size_t *out_bytes);

/* Where the program called exit, or its first function returned: the stack from there on, and the
 * registers that the C library keeps for it. What is below is left from calls before. sp 0: not known. */
struct ac_os_frame {
    uintptr_t sp;
    uintptr_t registers[11];
};
void ac_os_find_exit(struct ac_os_frame *out);

/* True when the 64 bytes, copied from `at`, are the start of libc's record of a thread that has ended, whose
 * stack, below it, is kept for the next thread. False also where that cannot be told. */
bool ac_os_is_dead_thread(const void *copy, uintptr_t at);

#endif

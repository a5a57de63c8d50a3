/* SPDX-License-Identifier: MIT
 *
 * os.h -- the machine: memory, time, waiting, and nothing else.
 *
 * Memory is Absent -> (map) Zero -> (first touch) Resident -> (purge) Zero -> (unmap) Absent. All
 * addresses and lengths are multiples of the page size unless said otherwise.
 *
 * Knows:      system calls, made directly so that no interposed libc function runs and errno is never
 *             touched.
 * Does not know: what the memory is for.
 * Invariants: OS1 no function changes errno; OS2 no function allocates or takes a lock; OS3 failure
 *             changes nothing.
 * Threads:    all functions are safe in any thread and in signal handlers.
 */
#ifndef AC_OS_OS_H
#define AC_OS_OS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Absent -> Zero, readable and writable, not backed until touched. `hint` may be 0. NULL when refused. */
void *ac_os_map(uintptr_t hint, size_t bytes);

/* As ac_os_map, aligned to `align` (a power of two, at least a page). */
void *ac_os_map_aligned(uintptr_t hint, size_t bytes, size_t align);

/* Any -> Absent. False when refused (a full VMA table): the memory stays as it was. */
bool ac_os_unmap(void *addr, size_t bytes);

/* Resident -> Zero. False when refused (locked memory): contents stay. */
bool ac_os_purge(void *addr, size_t bytes);

/* Grow or shrink a mapping where it stands. */
bool ac_os_resize(void *addr, size_t old_bytes, size_t new_bytes);

/* Move a mapping with its contents over `target`, which is replaced. When refused, the mapping is where it
 * was and the target is as if fresh; unless *out_lost: then its addresses may be another's and are to be
 * left alone. Refused where the mapping is several to the system (older kernels), or its table is full. */
bool ac_os_move(void *addr, size_t old_bytes, size_t new_bytes, void *target, bool *out_lost);

/* Ask for ordinary pages where the system would use huge ones. Advice: nothing follows when it is refused. */
void ac_os_avoid_huge_pages(void *addr, size_t bytes);

/* Have a range that ordinary pages were asked for, and that nothing in is resident, filled by huge pages now,
 * by a write of zero to `at`, which lies in it and is nobody else's. The range asks for ordinary pages again
 * afterwards: what is given back of it stays away. False when the system has none to give. */
bool ac_os_fill_huge_pages(void *addr, size_t bytes, void *at);

/* Make a page read as zeros in a forked child. */
bool ac_os_wipe_on_fork(void *addr, size_t bytes);

/* Make a range end the process that touches it, without splitting its mapping; what it held is lost. False
 * when the system does not know how (before Linux 6.13) or will not (locked memory). And take that back. */
bool ac_os_guard(void *addr, size_t bytes);
bool ac_os_unguard(void *addr, size_t bytes);

/* The same by a mapping without access, and a fresh one in its place. */
bool ac_os_no_access(void *addr, size_t bytes);
bool ac_os_map_again(void *addr, size_t bytes);

bool ac_os_read_only(void *addr, size_t bytes);

/* The random bytes that the kernel gives a new process; no call. */
void ac_os_entropy(uint64_t out_words[2]);

/* Page size of the machine in bytes, or a larger one that is pretended from then on (a power of two; 0
 * ends the pretence). */
size_t ac_os_page_size(void);
void ac_os_pretend_page_size(size_t bytes);

/* Monotonic time, a few ms coarse, in ns. */
uint64_t ac_os_now_ns(void);

/* Monotonic time and that of the calendar, exact, in ns. */
uint64_t ac_os_exact_ns(void);
uint64_t ac_os_calendar_ns(void);

/* Sleep while *word == value, at most timeout_ns (0: for ever). May return early. */
void ac_os_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns);
void ac_os_wake(uint32_t *word, int nwaiters);

/* After this returns true, every other running thread of the process has passed a full memory barrier. */
bool ac_os_barrier_all(void);

/* Run fn(arg) in a thread that libc does not know: own stack, all signals blocked, no thread-local
 * storage, so fn may call nothing of libc that uses it. The thread ends when fn returns; *alive is nonzero
 * until it is really gone. False when refused. */
bool ac_os_start_thread(void (*fn)(void *), void *arg, void *stack, size_t stack_bytes, uint32_t *alive);

/* Write all of it. False when that failed. */
bool ac_os_write(int fd, const char *text, size_t len);

/* End the process with SIGABRT; or where it stands, by the instruction that debuggers stop at. */
AC_NORETURN void ac_os_abort(void);
AC_NORETURN void ac_os_trap(void);

/* What look like the return addresses on this thread's stack, innermost first, from `sp` on; 0: from here.
 * Returns how many. */
unsigned ac_os_stack(uintptr_t sp, uintptr_t *out_addrs, unsigned max);

/* An access to a page that allows none. */
struct ac_os_access {
    uintptr_t addr;
    uintptr_t pc;     /* the instruction                  */
    uintptr_t sp;     /* of the thread that executed it   */
    const char *kind; /* "read", "write", or just "access" */
};
enum ac_os_verdict {
    AC_OS_NOT_OURS, /* who heard of such accesses before is to hear of it */
    AC_OS_RETRY,    /* it is allowed now                                 */
    AC_OS_END       /* the process ends by it                            */
};
typedef enum ac_os_verdict ac_os_access_handler(const struct ac_os_access *access);

/* From now on `to` hears of them, in the thread and in a signal handler, before whoever did so far. Once. */
void ac_os_watch_accesses(ac_os_access_handler *to);

/* The return addresses of this thread's calls, innermost first, as the tables for exceptions tell them, but
 * for those of the library that this is in. Takes no lock. Returns how many, at most `max`. */
unsigned ac_os_unwind(uintptr_t *out_addrs, unsigned max);

/* Copy memory of this process that may not be there. False when it cannot be read. */
bool ac_os_copy(void *out, uintptr_t from, size_t bytes);

/* Files: a negative errno when one cannot be opened, or made anew for this user only; bytes read, 0 at the
 * end. */
int ac_os_open(const char *path);
int ac_os_create(const char *path);
size_t ac_os_read(int fd, char *out_text, size_t cap);
void ac_os_close(int fd);

/* The end of the brk heap, which is libc's. */
uintptr_t ac_os_brk(void);

/* True when addr can be read. */
bool ac_os_is_mapped(uintptr_t addr);

/* The descriptor by which others find a shared mapping. It is closed on exec and out of the program's way.
 * Who makes another mapping puts its descriptor in the place of this one if that is still what it was: the
 * program may have closed it. */
struct ac_os_shared {
    int fd; /* -1: none */
    uint64_t device;
    uint64_t inode;
};

/* Map a file shared, over `at` when that is not NULL. A file that is not there is made, for this user only
 * and with its blocks reserved. NULL when it cannot be opened or made, or is smaller than bytes. */
void *ac_os_map_file(const char *path, void *at, size_t bytes, struct ac_os_shared *inout_shared);

/* Map a new memory file of that name, full of zeros, for this user only, over `at` when that is not NULL.
 * NULL when the system refuses. */
void *ac_os_map_shared(const char *name, void *at, size_t bytes, struct ac_os_shared *inout_shared);

/* Map zeros over `at`, shared with nobody but children to come. NULL when refused. */
void *ac_os_map_nameless(void *at, size_t bytes);

/* Shared memory full of zeros again. */
void ac_os_zero_shared(void *addr, size_t bytes);

/* Resident memory of the process in bytes; 0 when unknown. */
size_t ac_os_rss_bytes(void);
uint32_t ac_os_pid(void);

/* The system's id of the calling thread, without asking the system; 0 when libc does not tell. */
uint32_t ac_os_thread_id(void);

/* Processors that this process may run on; 0 when that cannot be told. */
unsigned ac_os_cpu_count(void);

/* False when this thread's user ids are not those of the process's first thread any more: libc changes
 * them thread by thread, and only in threads it knows. True when that cannot be told. */
bool ac_os_has_leaders_credentials(void);

/* True where the system may accept advice about memory and ignore it: an emulator, told by its having no
 * vDSO. */
bool ac_os_may_ignore_advice(void);

/* True when the process runs under a filter of system calls that it cannot leave (seccomp, with
 * no_new_privs): a call that nobody made so far may end it. Opens a file, as the loader has done before. */
bool ac_os_is_restricted(void);

/* Value of an environment variable of the process, or NULL; NULL for all when the process runs with raised
 * privileges. */
const char *ac_os_env(const char *name);

#endif

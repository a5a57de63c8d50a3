/* SPDX-License-Identifier: MIT
 *
 * Restartable sequences belong to libc: with libc's registration turned off
 * (GLIBC_TUNABLES=glibc.pthread.rseq=0) the library works, and has not registered its own, so the program
 * can register one, in main and in a thread.
 */
#include "life/life.h"

#include <linux/rseq.h>
#include <sys/syscall.h>

enum { SIGNATURE = 0x53053053 };

static void *register_and_allocate(void *unused)
{
    static __thread struct rseq own __attribute__((aligned(32)));
    life_use_every_class(1);
    long done = syscall(SYS_rseq, &own, sizeof own, 0, SIGNATURE);
    if (done != 0 && errno == ENOSYS)
        check_skip("the kernel has no rseq");
    if (done != 0)
        check_note("rseq: %s (somebody else has registered one)", strerror(errno));
    CHECK_EQ(done, 0);
    life_use_every_class(2);
    return unused;
}

int main(void)
{
    life_deadline(30, "rseq of the program's own");
    register_and_allocate(NULL);
    life_join(life_thread(register_and_allocate, NULL));
    return 0;
}

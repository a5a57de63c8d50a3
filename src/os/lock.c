/* SPDX-License-Identifier: MIT */
#include "os/lock.h"

#include "os/os.h"

#define SPINS 100

/* Spin for about as long as a batch takes, then sleep. The waiters bit is set by whoever may have to be
 * woken and is kept by a thread that took the lock after sleeping, since others may still sleep. */
AC_COLD void ac_lock_wait(struct ac_lock *lock, uint32_t me)
{
    for (int i = 0; i < SPINS; i++) {
        ac_cpu_relax();
        if (ac_load_rlx(&lock->word) == 0 && ac_lock_try(lock, me))
            return;
    }
    for (;;) {
        uint32_t seen = ac_load_rlx(&lock->word);
        if (seen == 0) {
            if (ac_cas_acq(&lock->word, &seen, me | AC_LOCK_WAITERS))
                return;
        } else if ((seen & AC_LOCK_WAITERS) || ac_cas_acq(&lock->word, &seen, seen | AC_LOCK_WAITERS)) {
            ac_os_wait(&lock->word, seen | AC_LOCK_WAITERS, 0);
        }
    }
}

AC_COLD void ac_lock_wake(struct ac_lock *lock)
{
    ac_os_wake(&lock->word, 1);
}

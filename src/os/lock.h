/* SPDX-License-Identifier: MIT
 *
 * lock.h -- a four-byte mutex that remembers its owner.
 *
 * The owner is what makes fork safe without holding locks across it: in the child a lock whose owner is
 * not the forking thread belonged to a thread that no longer exists, so what it guards may be half changed
 * (torn) and is abandoned by its module.
 *
 * PROTOCOL
 * State     word: 0 free; owner's id; owner's id with the waiters bit.
 * Steps     L1 compare-and-swap 0 to the id. L2 a waiter sets the waiters bit of what it saw, by
 *           compare-and-swap, and sleeps while the word is that. L3 one that takes the lock after sleeping
 *           keeps the bit, since others may sleep. L4 the owner swaps with 0 and, if the bit was set,
 *           wakes one.
 * Orders    L1 acquire, L4 release.
 * ABA       the word may have been freed and taken meanwhile: L2's sleep compares it once more.
 * Progress  blocking; the last to leave wakes whoever sleeps.
 *
 * Knows:      waiting (os.h).
 * Does not know: what a lock guards; lock order is stated in docs/design/threads-and-fork.md.
 * Invariants: LK1 word is 0 when free, else the owner's id with bit 31 set while a thread may be waiting.
 * Threads:    that is its subject. ac_lock_try never waits and is safe in signal handlers.
 */
#ifndef AC_OS_LOCK_H
#define AC_OS_LOCK_H

#include "base/atomic.h"

struct ac_lock {
    uint32_t word;
};

#define AC_LOCK_WAITERS 0x80000000u

void ac_lock_wait(struct ac_lock *lock, uint32_t me);
void ac_lock_wake(struct ac_lock *lock);

/* me: a number from 1 to 2^31 - 1 that no other running thread uses. */
AC_INLINE bool ac_lock_try(struct ac_lock *lock, uint32_t me)
{
    uint32_t free_word = 0;
    return ac_cas_acq(&lock->word, &free_word, me);
}

AC_INLINE void ac_lock(struct ac_lock *lock, uint32_t me)
{
    if (AC_UNLIKELY(!ac_lock_try(lock, me)))
        ac_lock_wait(lock, me);
}

AC_INLINE void ac_unlock(struct ac_lock *lock)
{
    if (AC_UNLIKELY(ac_swap_arl(&lock->word, 0) & AC_LOCK_WAITERS))
        ac_lock_wake(lock);
}

/* In a forked child: true when the lock was held by a thread that did not survive; it is free afterwards. */
AC_INLINE bool ac_lock_was_torn(struct ac_lock *lock, uint32_t me)
{
    uint32_t owner = lock->word & ~AC_LOCK_WAITERS;
    if (owner == 0 || owner == me)
        return false;
    lock->word = 0;
    return true;
}

#endif

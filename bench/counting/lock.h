/* SPDX-License-Identifier: MIT
 *
 * lock.h -- takes the place of os/lock.h in the variant of the library that bench/contention builds: every
 * lock says how often it was taken, how often somebody had to wait, and how long it was held.
 *
 * plain_lock.h is the original. A site is a place in the source that takes a lock; its expression and file
 * tell which lock that is. Times are of the processor's time-stamp counter.
 */
#ifndef COUNTING_LOCK_H
#define COUNTING_LOCK_H

#include "os/plain_lock.h"

#define COUNTING_BUCKETS 40

struct counting_site {
    const char *expression;
    const char *file;
    uint64_t taken;
    uint64_t waited;                 /* not free at once */
    uint64_t held_ticks;             /* summed */
    uint64_t waiting_ticks;          /* summed, of those that waited */
    uint64_t held[COUNTING_BUCKETS]; /* how many were held 2^i to 2^(i+1) ticks */
} AC_ALIGNED(64);

void counting_take(struct counting_site *site, struct ac_lock *lock, uint32_t me);
void counting_release(struct ac_lock *lock);

#define ac_lock(lock, me)                                                                                    \
    do {                                                                                                     \
        static struct counting_site counting_here                                                            \
            __attribute__((section("counting_sites"), used)) = {.expression = #lock, .file = __FILE__};      \
        counting_take(&counting_here, (lock), (me));                                                         \
    } while (0)
#define ac_unlock(lock) counting_release(lock)

#endif

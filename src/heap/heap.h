/* SPDX-License-Identifier: MIT
 *
 * heap.h -- the thread cache: a bin for every size class, and what the slow paths keep beside it.
 *
 * PROTOCOL of a bin {top, base, limit}
 * State     top: address behind the last cached block in the magazine's array of pointers; base, limit:
 *           where pops and pushes stop. While an operation is in progress top has AC_BIN_BUSY added, which
 *           makes it smaller than any base and, unsigned, larger than any limit: one comparison finds a
 *           bin that is empty (or full), busy, or shut. A shut bin has base at the largest and limit at
 *           the smallest value, so every operation takes its slow path. A bin whose class shrinks has only
 *           its base out of reach (AC_BIN_SHRINK_BASE): pushes are fast, pops are not. A stealer knows a
 *           bin that is shut by the base that only S1 stores.
 * Roles     owner: the thread; handler: a signal handler on the owner's stack; stealer: another thread
 *           that wants the cached blocks (trim, the idle helper), holding heap->lock.
 * Steps     O1 owner adds AC_BIN_BUSY to top in one instruction and gets the old top. O2 compares it with
 *           base or limit; on the slow side it keeps the bin busy until done. O3 reads or writes the slot.
 *           O4 stores the new top: not busy.
 *           H  a handler that meets a busy bin puts top back as it found it and goes elsewhere (nested.h).
 *           S1 stealer sets base and limit to shut. S2 process-wide barrier. S3 reads top of bins that are
 *           still shut: busy means an operation is past O2, so the bin is left alone; otherwise the blocks
 *           are the stealer's, and it marks the magazine emptied; it never writes top.
 *           R  the owner's slow path, under heap->lock, reopens the bin, from the start of the array if it
 *              was emptied.
 * Orders    O1 against O2 on the owner and S1 against S3 on the stealer are Dekker's pattern; S2 is the
 *           barrier of both sides, so the fast path needs none. O4 is a release, so that a stealer that
 *           sees it sees the slot. The rest is ordered by heap->lock.
 * ABA       top is only written by the owner's thread; a handler that runs between O1 and O4 changes
 *           nothing in this bin.
 * Progress  owner and handler are wait-free on the fast path; the stealer skips what is busy.
 *
 * Knows:      the layout that the fast paths (alloc.h) and the slow ones share.
 * Does not know: where blocks come from or go to.
 * Invariants: HP1 a block in a magazine is marked in use in its span; HP2 base - 1 slot is readable and
 *             never holds a block;
 *             HP3 `slots`, `cap` of a magazine change only under heap->lock with the bin busy or shut.
 * Threads:    one owner; others only as stealer, or to read counters.
 */
#ifndef AC_HEAP_HEAP_H
#define AC_HEAP_HEAP_H

#include "base/atomic.h"
#include "core/config.h"
#include "core/segment.h"
#include "core/sizeclass.h"
#include "os/lock.h"

#define AC_BIN_BUSY (~(uint64_t)0 << 57)
#define AC_BIN_SHUT_BASE ((uint64_t)INT64_MAX)
#define AC_BIN_SHUT_LIMIT ((uint64_t)0)
/* The base of a bin that takes blocks and gives none: its class shrinks (magazine.c). */
#define AC_BIN_SHRINK_BASE (AC_BIN_SHUT_BASE - 1)

/* Places of a bin's words; a bin is addressed by the index of its first one in the heap, which is what the
 * size table and the page map hold. */
#define AC_BIN_BASE 1
#define AC_BIN_LIMIT 2

struct ac_bin {
    uint64_t top;
    uint64_t base;
    uint64_t limit;
};

/* The slow paths' half of a bin. */
struct ac_magazine {
    void **slots;        /* where base stands when open; NULL: no array yet */
    uint16_t cap;        /* blocks it may hold now                          */
    uint16_t batch;      /* blocks to take at the next refill               */
    uint16_t stock;      /* blocks at the start that came from full spans   */
    uint8_t log2;        /* of the words of the array                       */
    uint8_t level;       /* how often it may have grown                     */
    uint8_t emptied;     /* a stealer took the blocks                       */
    uint8_t checked;     /* frees checked one by one so far                 */
    uint8_t turns;       /* refills and flushes since it last grew          */
    uint8_t flushes : 4; /* in a row, with no refill between         */
    bool touched : 1;    /* by a slow path since the last ac_flush_untouched */
    bool shrinks : 1;    /* blocks are handed out from the stock only        */
    bool settled : 1;    /* it may not grow any more                         */
    int32_t balance;     /* frees less allocations, less what is cached      */
};

struct ac_outbox;
struct ac_prof_thread;

enum ac_heap_state { AC_HEAP_LIVE = 1, AC_HEAP_POOLED };

struct ac_heap {
    union {
        uint64_t key; /* shard << 8: the tag of this heap's blocks, without the bin; in bins[0], no class */
        struct ac_bin bins[AC_NCLASSES];
    };
    struct ac_magazine magazines[AC_NCLASSES];
    struct ac_outbox *outbox; /* NULL until the first remote free                             */
    struct ac_lock lock;      /* held by the owner in its slow paths, by a stealer            */
    uint32_t id;              /* of the heap in locks; never reused, from AC_ID_FIRST_HEAP    */
    uint32_t in_slow;         /* the owner is in a slow path (only the owner's thread looks)  */
    uint8_t shard;
    uint8_t state;               /* enum ac_heap_state; under the registry's lock                */
    uint8_t being_stolen;        /* shut by a stealer that has not come back yet                 */
    uint32_t guard_left;         /* slow paths of malloc until one gets a guarded block          */
    uint64_t random;             /* hardmag.c's                                                  */
    struct ac_heap *real;        /* the heap proper: itself, but for a front's                   */
    struct ac_heap *front;       /* what one of the thread's pointers leads to: front.h          */
    struct ac_prof_thread *prof; /* the profiler's countdowns; NULL until it was on              */
    uint32_t prof_epoch;         /* of the profiler when the owner last looked: front.h          */
    struct ac_state_thread *row; /* where others see what it holds: written under `lock` */
    struct ac_heap *next_all;
    struct ac_heap *next_pooled;
    uint64_t shown_ns; /* when the row was last written in full */
    uint64_t refills;  /* counters: written by the owner alone */
    uint64_t flushes;
    uint64_t remote_frees;
    uint32_t capacity_bytes;    /* that the magazines may hold beyond their first capacity */
    uint32_t slow_paths;        /* taken so far */
    uint32_t growth_seen;       /* ac_purge_growth when it was last acted on */
    uint64_t slow_at_last_look; /* the helper's: refills + flushes when it last looked */
};

/* Ids for locks: the helper's, the heaps', and from the last on those of threads without a heap
 * (thread.h). */
#define AC_ID_HELPER 1u
#define AC_ID_FIRST_HEAP 2u
#define AC_ID_WITHOUT_HEAP 0x40000000u

/* The thread's heap, where free puts blocks; in hardened mode a front before it (front.h).
 * Starts as ac_heap_none, whose key matches no tag, so that the fast path needs no test for "not
 * initialised"; ends as ac_heap_gone, which differs only in its address. */
extern _Thread_local struct ac_heap *ac_heap_self __attribute__((tls_model("initial-exec"))) AC_HIDDEN;
extern struct ac_heap ac_heap_none AC_HIDDEN;
extern struct ac_heap ac_heap_gone AC_HIDDEN;

/* The bins malloc takes blocks from: the heap's, or the front's while the profiler is on. Of a thread without
 * a heap bins that are all shut, of which there are more than classes: how far in it leads is all that such a
 * thread knows of itself (thread.c). */
extern _Thread_local struct ac_bin *ac_heap_source __attribute__((tls_model("initial-exec"))) AC_HIDDEN;
#define AC_HEAP_SHUT_PLACES 32u
extern struct ac_bin ac_heap_shut[AC_NCLASSES + AC_HEAP_SHUT_PLACES] AC_HIDDEN;

AC_INLINE bool ac_heap_is_real(const struct ac_heap *heap)
{
    return heap != &ac_heap_none && heap != &ac_heap_gone;
}

/* How far; 0 in a thread that has a heap. */
AC_INLINE size_t ac_heap_place(void)
{
    size_t at = ((uintptr_t)ac_heap_source - (uintptr_t)ac_heap_shut) / sizeof *ac_heap_source;
    return at < AC_HEAP_SHUT_PLACES ? at : 0;
}

/* The calling thread's from now on. It has no blocks in a front. */
AC_INLINE void ac_heap_become(struct ac_heap *heap)
{
    ac_heap_self = heap;
    ac_heap_source = ac_heap_is_real(heap) ? heap->bins : ac_heap_shut;
}

/* What the slow paths work on. */
AC_INLINE struct ac_heap *ac_heap_mine(void)
{
    return ac_heap_self->real;
}

/* Add 1 to a counter that others read. Wants heap->lock. */
#define ac_heap_count(heap, counter)                                                                         \
    do {                                                                                                     \
        uint64_t value_ = ac_load_rlx(&(heap)->counter) + 1;                                                 \
        ac_store_rlx(&(heap)->counter, value_);                                                              \
        ac_store_rlx(&(heap)->row->counter, value_);                                                         \
    } while (0)

AC_INLINE bool ac_bin_is_busy(uint64_t top)
{
    return (int64_t)top < 0;
}

/* Blocks in a magazine; exact for the owner and a stealer, a good guess for others. */
AC_INLINE uint32_t ac_magazine_count(const struct ac_heap *heap, unsigned class)
{
    const struct ac_magazine *mag = &heap->magazines[class];
    uint64_t top = ac_load_rlx(&heap->bins[class].top);
    uint64_t base = (uint64_t)(uintptr_t)ac_load_rlx(&mag->slots);
    if (ac_bin_is_busy(top))
        top -= AC_BIN_BUSY;
    if (base == 0 || ac_load_rlx(&mag->emptied) != 0 || top < base)
        return 0;
    uint64_t n = (top - base) / sizeof(void *);
    return n <= UINT16_MAX ? (uint32_t)n : 0;
}

/* With those of its front. */
AC_INLINE uint32_t ac_magazine_count_all(const struct ac_heap *heap, unsigned class)
{
    const struct ac_heap *front = ac_load_acq(&heap->front);
    return ac_magazine_count(heap, class) + (front != NULL ? ac_magazine_count(front, class) : 0);
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * central.h -- shards: the spans of small blocks that threads draw from, with a transfer cache in front.
 *
 *      shard 1 .. 254    center per class:  transfer cache  [p p p p ...]   last in, first out, whole batches
 *                                               current span -> partial spans in three lists by fill -> spare
 *
 * PROTOCOL of a shard's centers
 * Steps     C1 an array of zeroed centers from metadata. C2 compare-and-swap NULL to it; who loses uses the
 *           winner's. C3 each center says its class and shard on first use: all writers write the same.
 *           `ready` is set under the center's lock.
 * Orders    C2 release, readers acquire; C3 relaxed, read again under the lock.
 * ABA       none: centers stay. A fork that tears one starts it over with another epoch.
 *
 * Knows:      spans, bitmaps, the transfer cache of each (shard, class).
 * Does not know: threads; who is allowed to take from which shard.
 * Invariants: CE1 a block is in exactly one place: with the program, in a magazine, an outbox, a transfer
 *             cache, or free in its span;
 *             CE2 `out` = blocks of the center that are not free in a span.
 * Threads:    one lock a center, taken once a batch. Order: heap, then center, then page heap, then meta.
 */
#ifndef AC_HEAP_CENTRAL_H
#define AC_HEAP_CENTRAL_H

#include "base/atomic.h"
#include "base/list.h"
#include "core/config.h"
#include "core/segment.h"
#include "core/sizeclass.h"
#include "core/span.h"
#include "os/lock.h"

#include <stdbool.h>

#define AC_NPARTIAL 3u

struct ac_center {
    struct ac_lock lock;
    uint8_t class;
    uint8_t shard;
    uint8_t epoch; /* of its spans; goes up when a fork tore it          */
    uint8_t ready;
    uint8_t touched; /* since the last ac_center_drain_untouched             */
    struct ac_span *current;
    struct ac_span *spare;
    struct ac_list partial[AC_NPARTIAL];
    void **transfer; /* array of transfer_cap blocks                       */
    uint32_t ntransfer;
    uint32_t transfer_cap;
    uint64_t out; /* CE2                                                */
    uint64_t nspans;
    uint64_t fresh;              /* blocks of its spans handed out at least once       */
    uint64_t purged_bytes;       /* of free blocks, given back by ac_comb               */
    struct ac_state_center *row; /* where others read the counters           */
} AC_ALIGNED(AC_CACHE_LINE);

/* Add to a counter that others read. Wants the lock. */
#define ac_center_count(center, counter, n)                                                                  \
    do {                                                                                                     \
        uint64_t value_ = ac_load_rlx(&(center)->counter) + (n);                                             \
        ac_store_rlx(&(center)->counter, value_);                                                            \
        ac_store_rlx(&(center)->row->counter, value_);                                                       \
    } while (0)

/* The center of a shard and class; made on first use. NULL when memory is exhausted. */
struct ac_center *ac_center_get(unsigned shard, unsigned class, uint32_t me);

/* The same if it exists already. */
struct ac_center *ac_center_peek(unsigned shard, unsigned class);

/* Take up to n blocks. They are stored so that the last one is the first to be popped. Returns how many; 0
 * when memory is exhausted. From the transfer cache when `hot`, else from the spans. */
unsigned ac_center_take(struct ac_center *center, void **out_blocks, unsigned n, uint32_t me, bool hot);

/* As ac_center_take for one block, waiting for nothing and mapping nothing. NULL when that cannot be. */
void *ac_center_try_take(struct ac_center *center, uint32_t me);

/* Give back blocks of this center. Ends the process when one is not in use. Through the transfer cache
 * when `hot`. */
void ac_center_give(struct ac_center *center, void **blocks, unsigned n, uint32_t me, bool hot);

/* Empty the transfer cache and drop the spare span. */
void ac_center_drain(struct ac_center *center, uint32_t me);

/* Empty the transfer cache if nobody has taken or given since the last call. */
void ac_center_drain_untouched(struct ac_center *center, uint32_t me);

/* Check what can be checked of a block that is being freed, without the lock: it lies where a block of its
 * span starts, it has been handed out, it is not free in its span. Ends the process otherwise. */
void ac_center_check_block(const struct ac_span *span, const void *block);

/* Ends the process: a block of the span may not come back. */
AC_NORETURN void ac_center_bad_block(const struct ac_span *span, const void *block);

/* In a forked child: abandon every center whose lock was held by a thread that is gone. */
void ac_central_recover(uint32_t me);

#endif

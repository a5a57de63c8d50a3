/* SPDX-License-Identifier: MIT
 *
 * outbox.h -- blocks of other shards on their way home, collected until a batch is worth a lock.
 *
 * An outbox is a small direct-mapped table keyed by (shard, class); each slot is a bin of the protocol in
 * heap.h with room for one batch.
 *
 * PROTOCOL of a remote batch
 * Steps     B1 the freeing thread pushes into its slot as into a bin (O1 to O4 there). B2 with the slot busy
 *           and heap->lock held, or as a stealer after S3, the batch is given to the center of its tag, under
 *           that center's lock. B3 the home shard's threads take from the center. Nobody waits for the owner.
 * Orders    B1 as in heap.h; B2 to B3 by the center's lock.
 *
 * Knows:      bins, centers.
 * Does not know: which thread owns the shard it sends to, or whether that thread still lives.
 * Invariants: OB1 all blocks of a slot have its tag; OB2 a slot holds at most AC_OUTBOX_BLOCKS blocks and,
 *             but for one block, at most AC_OUTBOX_BYTES, both doubled `level` times.
 * Threads:    as a magazine: one owner, stealers under heap->lock.
 */
#ifndef AC_HEAP_OUTBOX_H
#define AC_HEAP_OUTBOX_H

#include "heap/heap.h"

struct ac_outbox_slot {
    struct ac_bin bin;
    uint64_t tag;     /* shard << 8 | bin index; 0: empty slot */
    void **blocks;    /* where base stands when open           */
    uint32_t emptied; /* a stealer took the blocks             */
    uint16_t full;    /* times it was sent full at this level  */
    uint8_t level;    /* 0 .. AC_OUTBOX_LEVELS - 1             */
};

struct ac_outbox {
    struct ac_outbox_slot slots[AC_OUTBOX_SLOTS];
};

AC_INLINE struct ac_outbox_slot *ac_outbox_slot(struct ac_outbox *outbox, unsigned tag)
{
    return &outbox->slots[(tag + (tag >> 8) * 7) % AC_OUTBOX_SLOTS];
}

/* Add a block the fast way. False when the slot is another's, full, shut or busy; nothing has changed
 * then, and *out_busy says whether it was busy. On false and not busy the slot is held busy: go on with
 * ac_outbox_push_slow. */
bool ac_outbox_try_push(struct ac_outbox_slot *slot, unsigned tag, void *block, bool *out_busy);

/* Pre: heap->lock held, the slot held busy. Flushes as needed. */
void ac_outbox_push_slow(struct ac_heap *heap, struct ac_outbox_slot *slot, unsigned tag, void *block);

/* Make the table. False when memory is exhausted. */
bool ac_outbox_make(struct ac_heap *heap);

/* Blocks of a slot; exact for the owner and a stealer. */
uint32_t ac_outbox_count(const struct ac_outbox_slot *slot);

/* Send a slot's blocks home. Wants the slot shut, not busy, heap->lock held, by whomever. */
void ac_outbox_steal(struct ac_outbox_slot *slot, uint32_t me);

#endif

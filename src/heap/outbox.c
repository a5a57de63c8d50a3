/* SPDX-License-Identifier: MIT */
#include "heap/outbox.h"

#include "core/fault.h"
#include "core/meta.h"
#include "core/pagemap.h"
#include "heap/central.h"

static unsigned slot_capacity(const struct ac_outbox_slot *slot, unsigned tag)
{
    unsigned by_bytes =
        (AC_OUTBOX_BYTES << slot->level) / ac_sizeclass[(tag & 0xff) / AC_BIN_WORDS].size_bytes;
    unsigned most = AC_OUTBOX_BLOCKS << slot->level;
    if (by_bytes == 0)
        by_bytes = 1;
    return by_bytes < most ? by_bytes : most;
}

static unsigned array_lines(unsigned level)
{
    return ((AC_OUTBOX_BLOCKS << level) + 1) * (unsigned)sizeof(void *) / AC_CACHE_LINE + 1;
}

static void slot_open(struct ac_outbox_slot *slot, unsigned count)
{
    uint64_t base = (uint64_t)(uintptr_t)slot->blocks;
    ac_store_rlx(&slot->bin.base, base);
    ac_store_rlx(&slot->bin.limit, base + slot_capacity(slot, (unsigned)slot->tag) * sizeof(void *));
    ac_compiler_barrier();
    ac_store_rlx(&slot->bin.top, base + count * sizeof(void *));
}

static AC_COLD AC_NORETURN void double_free(unsigned tag, const void *block)
{
    ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, ac_sizeclass[(tag & 0xff) / AC_BIN_WORDS].size_bytes,
                   "freed twice by a thread other than the one that allocated it");
}

bool ac_outbox_try_push(struct ac_outbox_slot *slot, unsigned tag, void *block, bool *out_busy)
{
    uint64_t top = ac_local_fetch_add(&slot->bin.top, 0, AC_BIN_BUSY);
    *out_busy = ac_bin_is_busy(top);
    if (AC_UNLIKELY(*out_busy)) {
        ac_store_rlx(&slot->bin.top, top);
        return false;
    }
    if (top >= ac_load_rlx(&slot->bin.limit) || slot->tag != tag)
        return false;
    void **at = (void **)(uintptr_t)top;
    if (AC_UNLIKELY(at[-1] == block))
        double_free(tag, block);
    *at = block;
    ac_compiler_barrier();
    ac_store_rel(&slot->bin.top, top + sizeof(void *));
    return true;
}

uint32_t ac_outbox_count(const struct ac_outbox_slot *slot)
{
    uint64_t top = ac_load_rlx(&slot->bin.top);
    uint64_t base = (uint64_t)(uintptr_t)ac_load_rlx(&slot->blocks);
    if (ac_bin_is_busy(top))
        top -= AC_BIN_BUSY;
    if (base == 0 || ac_load_rlx(&slot->emptied) != 0 || top < base)
        return 0;
    return (uint32_t)((top - base) / sizeof(void *));
}

static struct ac_center *home_of(unsigned tag)
{
    return ac_center_peek(tag >> 8, (tag & 0xff) / AC_BIN_WORDS);
}

static void send(struct ac_outbox_slot *slot, unsigned count, uint32_t me, bool hot)
{
    unsigned tag = (unsigned)slot->tag;
    struct ac_center *center = home_of(tag);
    if (count != 0)
        ac_center_give(center, slot->blocks, count, me, hot);
}

/* An empty slot gets an array of its level. */
static bool slot_make_array(struct ac_outbox_slot *slot, unsigned level, uint32_t me)
{
    void **array = ac_meta_get(array_lines(level), me);
    if (array == NULL)
        return false;
    if (slot->blocks != NULL)
        ac_meta_put(slot->blocks - 1, array_lines(slot->level), me);
    slot->level = (uint8_t)level;
    slot->full = 0;
    ac_store_rlx(&slot->blocks, array + 1);
    return true;
}

/* A full batch has been sent: where many go the same way, longer ones are worth their memory. */
static void slot_grow_in_turn(struct ac_outbox_slot *slot, uint32_t me)
{
    if (slot->level + 1u < AC_OUTBOX_LEVELS && ++slot->full > AC_OUTBOX_TURNS)
        slot_make_array(slot, slot->level + 1u, me);
}

void ac_outbox_push_slow(struct ac_heap *heap, struct ac_outbox_slot *slot, unsigned tag, void *block)
{
    unsigned count = ac_outbox_count(slot);
    ac_store_rlx(&slot->emptied, 0);
    if (slot->blocks == NULL && !slot_make_array(slot, 0, heap->id)) {
        ac_center_give(home_of(tag), &block, 1, heap->id, false);
        ac_store_rlx(&slot->bin.top, 0);
        return;
    }
    if (count != 0 && slot->tag == tag && slot->blocks[count - 1] == block)
        double_free(tag, block);
    if (count != 0 && (slot->tag != tag || count >= slot_capacity(slot, tag))) {
        send(slot, count, heap->id, true);
        count = 0;
        if (slot->tag == tag)
            slot_grow_in_turn(slot, heap->id);
        else
            slot->full = 0;
    }
    ac_store_rlx(&slot->tag, tag);
    ac_center_check_block(ac_entry_span(ac_pagemap_get(block)), block);
    slot->blocks[count] = block;
    slot_open(slot, count + 1);
}

bool ac_outbox_make(struct ac_heap *heap)
{
    struct ac_outbox *outbox = ac_meta_get_bytes(sizeof *outbox, heap->id);
    if (outbox == NULL)
        return false;
    for (unsigned i = 0; i < AC_OUTBOX_SLOTS; i++) {
        outbox->slots[i].bin.base = AC_BIN_SHUT_BASE;
        outbox->slots[i].bin.limit = AC_BIN_SHUT_LIMIT;
    }
    ac_store_rel(&heap->outbox, outbox);
    return true;
}

void ac_outbox_steal(struct ac_outbox_slot *slot, uint32_t me)
{
    uint32_t count = ac_outbox_count(slot);
    send(slot, count, me, false); /* to the spans, which check each block */
    if (count != 0)
        ac_store_rlx(&slot->emptied, 1);
}

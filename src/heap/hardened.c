/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Idea. In hardened mode the thread's pointer to its heap leads to a front: a heap whose bins are all shut
 * and whose key matches no tag. So malloc and free take their slow paths without one instruction for it in
 * the fast ones, and end up here. Behind the front is the heap proper, with bins, outbox and the protocol
 * of heap.h as in default mode; this file puts checks in front of them and nothing else.
 *
 * Records. Two bytes a block beside the span's bitmap say whether the block is live and how long it was
 * asked to be. An exchange of them is the check for a second free, exact among any number of threads.
 * Over-aligned blocks have their alignment there and their size in their own last two bytes, behind the
 * canary.
 *
 * Canary. A block is at least one byte longer than asked for. Up to 64 bytes of what is left are filled
 * with a byte that depends on the address and the secret and is never 0, and looked at when the block comes
 * back.
 *
 *      |<------ size asked for ------>|c c c c|        class; c: canary, one byte at least
 *
 * Zero. Blocks are cleared as they come back and looked at as they go out. What has never been handed out
 * is not looked at: its run was, when the span was made.
 *
 * Cost. Over default mode some 60 instructions a pair, one bus lock, and the block's bytes twice.
 */
#include "heap/hardened.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/fault.h"
#include "core/pagemap.h"
#include "heap/large.h"
#include "os/os.h"

#include <string.h>

#define CANARY_BYTES 64u
#define RECORD_NEVER 0u
#define RECORD_FREED 0xffffu
/* Added to log2 of the alignment; below it, a record is the size and one. */
#define RECORD_ALIGNED 0x8000u
#define SIZE_FIELD_BYTES 2u

AC_STATIC_ASSERT(AC_HARDENED_SMALL_MAX + 1 < RECORD_ALIGNED, "a record must hold every size");

unsigned ac_hardened_class(size_t size, size_t align)
{
    bool aligned = align > AC_GRANULE_BYTES;
    size_t need = size + 1 + (aligned ? SIZE_FIELD_BYTES : 0);
    if (size >= AC_HARDENED_SMALL_MAX || need > AC_HARDENED_SMALL_MAX)
        return 0;
    unsigned class = aligned ? ac_class_of_aligned(need, align) : ac_class_of_size(need);
    return ac_sizeclass[class].size_bytes <= AC_HARDENED_SMALL_MAX ? class : 0;
}

/* ---- canaries ---- */

static uint64_t canary_word(const void *block)
{
    uint64_t hash = ((uintptr_t)block >> 4) * ac_harden_secret();
    uint64_t byte = hash >> 56;
    return (byte != 0 ? byte : 0xa5) * 0x0101010101010101u;
}

static size_t canary_length(size_t slack)
{
    return slack < CANARY_BYTES ? slack : CANARY_BYTES;
}

static void canary_write(void *block, size_t size, size_t end)
{
    memset((char *)block + size, (int)(canary_word(block) & 0xff), canary_length(end - size));
}

AC_INLINE uint64_t load_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* As canary_write for a block all of which is zero and whose end is the word's. */
AC_INLINE void canary_write_new(void *block, size_t size, size_t end)
{
    size_t slack = end - size;
    uint64_t word = canary_word(block);
    char *last = (char *)block + end - sizeof word;
    if (AC_LIKELY(slack <= sizeof word)) {
        word <<= 64 - 8 * slack;
        memcpy(last, &word, sizeof word);
    } else if (AC_LIKELY(slack <= 2 * sizeof word)) {
        memcpy(last, &word, sizeof word);
        memcpy(last - (slack - sizeof word), &word, sizeof word);
    } else {
        memset((char *)block + size, (int)(word & 0xff), canary_length(slack));
    }
}

static bool canary_is_whole(const void *block, size_t size, size_t end)
{
    size_t slack = end - size;
    uint64_t word = canary_word(block);
    const char *from = (const char *)block + size;
    if (slack < sizeof word) {
        if (slack == 0)
            return true;
        return (load_word((const char *)block + end - sizeof word) ^ word) >> (64 - 8 * slack) == 0;
    }
    size_t n = canary_length(slack);
    uint64_t any = load_word(from + n - sizeof word) ^ word;
    for (size_t i = 0; i + sizeof word <= n; i += sizeof word)
        any |= load_word(from + i) ^ word;
    return any == 0;
}

/* ---- small blocks ---- */

static uint16_t *record_of(const struct ac_span *span, const void *block)
{
    uint32_t offset = (uint32_t)((uintptr_t)block - span->base);
    return &span->records[ac_class_index(offset, span->recip)];
}

/* Where the canary of a small block ends. */
static size_t small_end(const struct ac_span *span, unsigned record)
{
    return span->size_bytes - (record >= RECORD_ALIGNED ? SIZE_FIELD_BYTES : 0);
}

static const char *kind_note(const struct ac_span *span)
{
    return span->size_bytes == 0 ? "large block" : NULL;
}

static AC_COLD void overflow(const struct ac_span *span, const void *block, size_t size)
{
    ac_fault_report(AC_FAULT_OVERFLOW, block, span->size_bytes, size, kind_note(span));
}

/* A size that an overflow has put there would be believed only if a whole canary lay before its end. */
static size_t aligned_size(const struct ac_span *span, const void *block)
{
    uint16_t size;
    memcpy(&size, (const char *)block + span->size_bytes - SIZE_FIELD_BYTES, sizeof size);
    size = (uint16_t)(size ^ (uint16_t)canary_word(block));
    if (AC_UNLIKELY(size + SIZE_FIELD_BYTES >= span->size_bytes)) {
        overflow(span, block, AC_FAULT_NO_SIZE);
        return span->size_bytes - SIZE_FIELD_BYTES - 1;
    }
    return size;
}

static size_t size_of_record(const struct ac_span *span, const void *block, unsigned record)
{
    return AC_LIKELY(record < RECORD_ALIGNED) ? record - 1 : aligned_size(span, block);
}

static AC_COLD void not_live(const struct ac_span *span, const void *block, unsigned record)
{
    bool freed = record == RECORD_FREED;
    ac_fault_report(freed ? AC_FAULT_DOUBLE_FREE : AC_FAULT_NEVER_ALLOCATED, block, span->size_bytes,
                    AC_FAULT_NO_SIZE, freed ? "freed" : "never handed out");
}

static AC_COLD void not_a_start(const struct ac_span *span, const void *block)
{
    bool aligned = (uintptr_t)block % AC_GRANULE_BYTES == 0;
    ac_fault_report(aligned ? AC_FAULT_INTERIOR_FREE : AC_FAULT_MISALIGNED, block, span->size_bytes,
                    AC_FAULT_NO_SIZE, NULL);
}

/* NULL when it is no start of a block, which has been reported. */
AC_INLINE uint16_t *checked_record(const struct ac_span *span, const void *block)
{
    uint32_t offset = (uint32_t)((uintptr_t)block - span->base);
    uint32_t i = ac_class_index(offset, span->recip);
    if (AC_UNLIKELY(i * span->size_bytes != offset || i >= span->nobj)) {
        not_a_start(span, block);
        return NULL;
    }
    return &span->records[i];
}

static void mark_aligned(const struct ac_span *span, void *block, size_t size, size_t align)
{
    uint16_t field = (uint16_t)(size ^ (uint16_t)canary_word(block));
    canary_write(block, size, span->size_bytes - SIZE_FIELD_BYTES);
    memcpy((char *)block + span->size_bytes - SIZE_FIELD_BYTES, &field, sizeof field);
    ac_store_rlx(record_of(span, block), (uint16_t)(RECORD_ALIGNED + (unsigned)__builtin_ctzll(align)));
}

static AC_COLD void written_after_free(const struct ac_span *span, void *block)
{
    ac_fault_report(AC_FAULT_WRITE_AFTER_FREE, block, span->size_bytes, AC_FAULT_NO_SIZE, "a freed block");
    memset(block, 0, span->size_bytes);
}

AC_INLINE void hand_out_small(const struct ac_span *span, void *block, size_t size, size_t align)
{
    uint16_t *record = record_of(span, block);
    if (AC_LIKELY(*record != RECORD_NEVER) && AC_UNLIKELY(!ac_harden_is_zero(block, span->size_bytes)))
        written_after_free(span, block);
    if (AC_LIKELY(align <= AC_GRANULE_BYTES)) {
        canary_write_new(block, size, span->size_bytes);
        ac_store_rlx(record, (uint16_t)(size + 1));
        return;
    }
    mark_aligned(span, block, size, align);
}

AC_INLINE bool retire_small(const struct ac_span *span, void *block)
{
    uint16_t *at = checked_record(span, block);
    if (AC_UNLIKELY(at == NULL))
        return false;
    unsigned record = ac_swap_arl(at, (uint16_t)RECORD_FREED);
    if (AC_UNLIKELY(record == RECORD_FREED || record == RECORD_NEVER)) {
        not_live(span, block, record);
        ac_store_rlx(at, (uint16_t)record);
        return false;
    }
    size_t size = size_of_record(span, block, record);
    if (AC_UNLIKELY(!canary_is_whole(block, size, small_end(span, record))))
        overflow(span, block, size);
    size_t used = ac_align_up(size + CANARY_BYTES, AC_GRANULE_BYTES);
    bool all = used >= span->size_bytes || record >= RECORD_ALIGNED;
    ac_harden_clear(block, all ? span->size_bytes : used);
    return true;
}

/* ---- all blocks ---- */

/* What the engine keeps of a large block for this file, where small spans have their bitmap. */
#define LARGE_SIZE 0
#define LARGE_ALIGN 1

static size_t align_of(const struct ac_span *span, const void *block)
{
    if (span->kind != AC_SPAN_SMALL)
        return span->free_bits[LARGE_ALIGN];
    unsigned record = ac_load_rlx(record_of(span, block));
    return record >= RECORD_ALIGNED ? (size_t)1 << (record - RECORD_ALIGNED) : 0;
}

static void hand_out_large(struct ac_span *span, void *block, size_t size, size_t align)
{
    span->free_bits[LARGE_SIZE] = size;
    span->free_bits[LARGE_ALIGN] = align > AC_GRANULE_BYTES ? align : 0;
    canary_write(block, size, span->bytes);
}

void ac_hardened_hand_out(void *block, size_t size, size_t align)
{
    struct ac_span *span = ac_entry_span(ac_pagemap_get(block));
    if (AC_LIKELY(span->kind == AC_SPAN_SMALL))
        hand_out_small(span, block, size, align);
    else
        hand_out_large(span, block, size, align);
}

AC_COLD static void retire_large(const struct ac_span *span, void *block)
{
    size_t size = span->free_bits[LARGE_SIZE];
    ac_large_check(span, block);
    if (!canary_is_whole(block, size, span->bytes))
        overflow(span, block, size);
    if (span->kind == AC_SPAN_LARGE)
        memset(block, 0, span->bytes);
}

bool ac_hardened_retire(struct ac_span *span, void *block)
{
    if (AC_LIKELY(span->kind == AC_SPAN_SMALL))
        return retire_small(span, block);
    retire_large(span, block);
    return true;
}

size_t ac_hardened_size(const struct ac_span *span, const void *block)
{
    if (span->kind != AC_SPAN_SMALL) {
        ac_large_check(span, block);
        return span->free_bits[LARGE_SIZE];
    }
    uint16_t *at = checked_record(span, block);
    unsigned record = at != NULL ? ac_load_rlx(at) : RECORD_NEVER;
    if (AC_UNLIKELY(record == RECORD_FREED || record == RECORD_NEVER))
        ac_fault_raise(AC_FAULT_FREED_USE, block, span->size_bytes, "freed");
    return size_of_record(span, block, record);
}

void ac_hardened_check_size(const struct ac_span *span, const void *block, size_t size, size_t align)
{
    if (span->kind == AC_SPAN_SMALL) {
        const uint16_t *at = checked_record(span, block);
        unsigned record = at != NULL ? ac_load_rlx(at) : RECORD_NEVER;
        if (record == RECORD_FREED || record == RECORD_NEVER)
            return; /* for retire to judge */
    } else {
        ac_large_check(span, block);
    }
    size_t asked = ac_hardened_size(span, block);
    if (align > AC_GRANULE_BYTES && align_of(span, block) != align)
        ac_fault_report(AC_FAULT_WRONG_ALIGN, block, span->size_bytes, asked, kind_note(span));
    else if (asked != size + (size == 0))
        ac_fault_report(AC_FAULT_WRONG_SIZE, block, span->size_bytes, asked, kind_note(span));
}

/* Without moving it, if its class (or its pages) stay the same. */
static bool resize_in_place(struct ac_span *span, void *block, size_t old, size_t size)
{
    size_t align = align_of(span, block);
    bool small = span->kind == AC_SPAN_SMALL;
    size_t end = small ? span->size_bytes - (align != 0 ? SIZE_FIELD_BYTES : 0) : span->bytes;
    unsigned class = ac_hardened_class(size, align);
    if (small ? class != span->class : class != 0 || ac_align_up(size, ac_os_page_size()) != span->bytes)
        return false;
    size_t least = old < size ? old : size;
    memset((char *)block + least, 0, old + canary_length(end - old) - least);
    if (small && align != 0) {
        mark_aligned(span, block, size, align);
        return true;
    }
    canary_write(block, size, end);
    if (small)
        ac_store_rlx(record_of(span, block), (uint16_t)(size + 1));
    else
        span->free_bits[LARGE_SIZE] = size;
    return true;
}

void *ac_hardened_resize(struct ac_span *span, void *block, size_t size)
{
    size_t old = ac_hardened_size(span, block);
    bool small = span->kind == AC_SPAN_SMALL;
    if (!canary_is_whole(block, old, small ? small_end(span, *record_of(span, block)) : span->bytes))
        overflow(span, block, old);
    return resize_in_place(span, block, old, size) ? block : NULL;
}

void *ac_hardened_move(struct ac_span *span, size_t size)
{
    if (span->kind != AC_SPAN_HUGE || size <= AC_LARGE_MAX_BYTES || span->free_bits[LARGE_ALIGN] != 0)
        return NULL;
    void *moved = ac_large_move(span, size);
    if (moved != NULL)
        hand_out_large(span, moved, size, 0);
    return moved;
}

/* SPDX-License-Identifier: MIT */
#include "watch/guard.h"

#include "base/bits.h"
#include "core/addresses.h"
#include "core/fault.h"
#include "core/pagemap.h"
#include "core/span.h"
#include "os/lock.h"
#include "os/os.h"

#include <string.h>

#define MAX_SLOTS 64u
#define POOL_PAGES_BYTES ((size_t)256 << 10)
#define SLACK_BYTE 0xa5
/* A signal handler's free keeps a link in the first word of a block (nested.c). */
#define LINK_BYTES sizeof(void *)

enum slot_state { SLOT_NEVER, SLOT_LIVE, SLOT_FREED };

struct slot {
    uintptr_t block;
    size_t bytes;
    uint32_t state;
    struct ac_fault_trace made;
    struct ac_fault_trace freed;
};

static struct {
    struct ac_lock lock;
    bool shut; /* it could not be made, or was torn by a fork */
    size_t page_bytes;
    unsigned nslots;
    unsigned next;
    struct slot *slots;
    uint64_t random;
} pool;

uintptr_t ac_guard_base;
size_t ac_guard_bytes;
static struct ac_span span AC_ALIGNED(AC_CACHE_LINE);

/* ---- slots ---- */

static uintptr_t page_of(unsigned i)
{
    return ac_guard_base + (2 * (size_t)i + 1) * pool.page_bytes;
}

/* The slot on whose page an address lies; of an address on a page between two, the one whose block ends or
 * begins there; NULL: neither. */
static struct slot *slot_at(uintptr_t addr)
{
    size_t page = (addr - ac_guard_base) / pool.page_bytes;
    if (page > 2 * (size_t)pool.nslots)
        return NULL;
    if (page % 2 == 1)
        return &pool.slots[page / 2];
    struct slot *before = page > 0 ? &pool.slots[page / 2 - 1] : NULL;
    struct slot *behind = page / 2 < pool.nslots ? &pool.slots[page / 2] : NULL;
    bool is_near_end = addr % pool.page_bytes < pool.page_bytes / 2;
    struct slot *likely = is_near_end ? before : behind;
    struct slot *other = is_near_end ? behind : before;
    if (likely != NULL && likely->state != SLOT_NEVER)
        return likely;
    return other != NULL && other->state != SLOT_NEVER ? other : NULL;
}

static unsigned index_of(const struct slot *slot)
{
    return (unsigned)(slot - pool.slots);
}

/* ---- reports ---- */

static void tell_history(const struct slot *slot)
{
    ac_fault_trace("allocated", &slot->made);
    if (slot->state == SLOT_FREED)
        ac_fault_trace("freed", &slot->freed);
}

static enum ac_os_verdict on_access(const struct ac_os_access *access)
{
    const struct slot *slot = ac_guard_owns((const void *)access->addr) ? slot_at(access->addr) : NULL;
    if (slot == NULL)
        return AC_OS_NOT_OURS;
    enum ac_fault fault = slot->state == SLOT_FREED    ? AC_FAULT_FREED_ACCESS
                          : access->addr < slot->block ? AC_FAULT_BEFORE_START
                                                       : AC_FAULT_PAST_END;
    ac_fault_tell(fault, (const void *)access->addr, slot->bytes, "guarded block", access);
    tell_history(slot);
    if (ac_load_rlx(&ac_option_value[AC_OPTION_on_error]) != AC_ACTION_REPORT)
        return AC_OS_END;
    void *page = (void *)ac_align_down(access->addr, pool.page_bytes);
    return ac_os_map_again(page, pool.page_bytes) ? AC_OS_RETRY : AC_OS_END;
}

/* ... and end, unless that is to be the report only. */
static AC_COLD void tell(enum ac_fault fault, const struct slot *slot, const void *block)
{
    ac_fault_tell(fault, block, slot->bytes, "guarded block", NULL);
    tell_history(slot);
    ac_fault_end();
}

static AC_COLD void tell_bad_block(const struct slot *slot, const void *block)
{
    if (slot == NULL || slot->state == SLOT_NEVER)
        ac_fault_report(AC_FAULT_NEVER_ALLOCATED, block, 0, AC_FAULT_NO_SIZE, "between guarded blocks");
    else
        tell((uintptr_t)block != slot->block ? AC_FAULT_INTERIOR_FREE : AC_FAULT_DOUBLE_FREE, slot, block);
}

/* ---- the pool ---- */

static size_t pool_bytes(void)
{
    size_t granule = pool.page_bytes > AC_UNIT_BYTES ? pool.page_bytes : AC_UNIT_BYTES;
    return ac_align_up((2 * (size_t)pool.nslots + 1) * pool.page_bytes, granule);
}

static bool pool_make_locked(void)
{
    size_t page = ac_os_page_size();
    size_t nslots = POOL_PAGES_BYTES / page;
    pool.shut = true;
    pool.page_bytes = page;
    pool.nslots = nslots < MAX_SLOTS ? (unsigned)nslots : MAX_SLOTS;
    size_t bytes = pool_bytes();
    size_t slots_bytes = ac_align_up(pool.nslots * sizeof(struct slot), page);
    char *base = ac_os_map_aligned(0, bytes, page > AC_UNIT_BYTES ? page : AC_UNIT_BYTES);
    if (base == NULL)
        return false;
    pool.slots = ac_os_map(0, slots_bytes);
    if (pool.slots == NULL || !ac_pagemap_reserve((uintptr_t)base, bytes) || !ac_os_no_access(base, bytes)) {
        ac_os_unmap(base, bytes);
        return false;
    }
    span.kind = AC_SPAN_GUARDED;
    span.state = AC_SPAN_LIVE;
    span.base = (uintptr_t)base;
    span.units = bytes >> AC_UNIT_SHIFT;
    ac_addresses_add_own(base, bytes);
    ac_addresses_add_own(pool.slots, slots_bytes);
    ac_pagemap_set(span.base, span.units, ac_entry_make(&span, 0, 0));
    ac_store_rlx(&ac_guard_base, (uintptr_t)base);
    ac_store_rel(&ac_guard_bytes, bytes);
    ac_os_watch_accesses(on_access);
    pool.shut = false;
    return true;
}

static uint64_t random_word(void)
{
    uint64_t n = ac_fetch_add_rlx(&pool.random, AC_MIX_STEP);
    return ac_mix(n ^ ac_os_now_ns() ^ (uintptr_t)&n);
}

uint32_t ac_guard_draw(void)
{
    uint64_t every = ac_load_rlx(&ac_option_value[AC_OPTION_guard_every]);
    return every < 2 ? 0 : (uint32_t)(random_word() % (2 * every - 1));
}

static struct slot *free_slot_locked(void)
{
    for (unsigned n = 0; n < pool.nslots; n++) {
        struct slot *slot = &pool.slots[pool.next];
        pool.next = (pool.next + 1) % pool.nslots;
        if (slot->state != SLOT_LIVE)
            return slot;
    }
    return NULL;
}

static size_t padded(size_t size)
{
    return ac_align_up(size == 0 ? 1 : size, AC_GRANULE_BYTES);
}

/* What of a block's last granule is not the program's, where a write past its end does not reach the next
 * page. */
static unsigned char *slack(const struct slot *slot, size_t *out_bytes)
{
    size_t first = slot->bytes > LINK_BYTES ? slot->bytes : LINK_BYTES;
    *out_bytes = padded(slot->bytes) - first;
    return (unsigned char *)slot->block + first;
}

static void *slot_open_locked(struct slot *slot, size_t size)
{
    size_t slack_bytes;
    uintptr_t page = page_of(index_of(slot));
    if (!ac_os_map_again((void *)page, pool.page_bytes))
        return NULL;
    bool at_end = random_word() % 4 != 0; /* more bugs run past the end than before the start */
    slot->block = at_end ? page + pool.page_bytes - padded(size) : page;
    slot->bytes = size;
    unsigned char *at = slack(slot, &slack_bytes);
    memset(at, SLACK_BYTE, slack_bytes);
    ac_fault_trace_here(&slot->made);
    ac_store_rel(&slot->state, (uint32_t)SLOT_LIVE);
    return (void *)slot->block;
}

void *ac_guard_alloc(size_t size, uint32_t me)
{
    void *block = NULL;
    if (!ac_lock_try(&pool.lock, me))
        return NULL;
    if (!pool.shut && (ac_guard_base != 0 || pool_make_locked()) && padded(size) <= pool.page_bytes) {
        struct slot *slot = free_slot_locked();
        block = slot != NULL ? slot_open_locked(slot, size) : NULL;
    }
    ac_unlock(&pool.lock);
    return block;
}

/* ---- live blocks ---- */

/* NULL when the block is not live, which has been reported. */
static struct slot *live_slot(const void *block)
{
    struct slot *slot = slot_at((uintptr_t)block);
    if (slot != NULL && slot->block == (uintptr_t)block && ac_load_acq(&slot->state) == SLOT_LIVE)
        return slot;
    tell_bad_block(slot, block);
    return NULL;
}

size_t ac_guard_size(const void *block)
{
    const struct slot *slot = live_slot(block);
    if (AC_UNLIKELY(slot == NULL))
        ac_os_abort();
    return slot->bytes;
}

void ac_guard_check(const void *block)
{
    ac_guard_size(block);
}

void ac_guard_check_size(const void *block, size_t size)
{
    const struct slot *slot = live_slot(block);
    if (slot != NULL && slot->bytes != size)
        tell(AC_FAULT_WRONG_SIZE, slot, block);
}

static void check_slack(const struct slot *slot)
{
    size_t bytes;
    const unsigned char *at = slack(slot, &bytes);
    for (size_t i = 0; i < bytes; i++) {
        if (at[i] == SLACK_BYTE)
            continue;
        tell(AC_FAULT_OVERFLOW, slot, (const void *)slot->block);
        return;
    }
}

void ac_guard_free(void *block, uint32_t me)
{
    ac_lock(&pool.lock, me);
    struct slot *slot = live_slot(block);
    if (AC_LIKELY(slot != NULL)) {
        check_slack(slot);
        ac_fault_trace_here(&slot->freed);
        ac_store_rel(&slot->state, (uint32_t)SLOT_FREED);
        ac_os_no_access((void *)page_of(index_of(slot)), pool.page_bytes);
    }
    ac_unlock(&pool.lock);
}

void ac_guard_recover(uint32_t me)
{
    if (ac_lock_was_torn(&pool.lock, me))
        pool.shut = true;
}

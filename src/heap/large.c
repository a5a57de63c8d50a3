/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * A large block is a run of units from the page heap, whose dirty runs are its cache. A huge block is a
 * mapping; freed ones are kept in the mapping cache under the same bound. When none of those is long enough,
 * several are moved side by side to fresh addresses: the system moves page tables, at a small part of what
 * faulting as many pages costs, and no byte is copied. Either kind grows in place where
 * the neighbours allow; a huge block that must move is moved by the system (page tables, no copying), to a
 * place with an eighth to spare, so that growing step by step costs few moves. Shrinking gives the tail
 * back at once.
 */
#include "heap/large.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/addresses.h"
#include "core/fault.h"
#include "core/harden.h"
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/pageheap.h"
#include "core/pagemap.h"
#include "core/purge.h"
#include "core/segment.h"
#include "heap/fenced.h"
#include "os/os.h"
#include "watch/guard.h"

#include <string.h>

/* Pieces shorter than this are not worth a system call. */
#define ASSEMBLE_MIN_BYTES ((size_t)128 << 10)

static size_t live_bytes;
static size_t live_objects;

/* What is shown is exact but for two threads in here at the same moment, which the next look mends: a fence
 * would cost more than it is worth. */
static void count_live(ptrdiff_t bytes, int objects)
{
    size_t old_bytes = ac_fetch_add_rlx(&live_bytes, (size_t)bytes);
    size_t old_objects = ac_fetch_add_rlx(&live_objects, (size_t)objects);
    ac_store_rlx(&ac_segment_pages->large_live_bytes, old_bytes + (size_t)bytes);
    ac_store_rlx(&ac_segment_pages->large_live_objects, old_objects + (size_t)objects);
    if (bytes > (ptrdiff_t)AC_LARGE_MAX_BYTES || -bytes > (ptrdiff_t)AC_LARGE_MAX_BYTES)
        ac_large_show();
}

void ac_large_show(void)
{
    ac_segment_show_total(&live_bytes, &ac_segment_pages->large_live_bytes);
    ac_segment_show_total(&live_objects, &ac_segment_pages->large_live_objects);
}

size_t ac_large_live_bytes(void)
{
    return ac_load_rlx(&live_bytes);
}

size_t ac_large_live_objects(void)
{
    return ac_load_rlx(&live_objects);
}

/* In a handler that interrupted the metadata store a descriptor is a page of its own, never to be re-used. */
static struct ac_span *descriptor_get(uint32_t me, bool try_only, bool *out_own_page)
{
    *out_own_page = false;
    if (!try_only)
        return ac_meta_get(AC_SPAN_LINES_LARGE, me);
    struct ac_span *span = ac_meta_try_get(AC_SPAN_LINES_LARGE, me);
    *out_own_page = span == NULL;
    return span != NULL ? span : ac_os_map(0, ac_os_page_size());
}

static void descriptor_put(struct ac_span *span, uint32_t me)
{
    ac_meta_put(span, AC_SPAN_LINES_LARGE, me);
}

/* Unused. A handler may wait for the store that it got it from: what it interrupted does not hold its
 * lock, and who does waits for nobody. */
static void descriptor_drop(struct ac_span *span, bool own_page, uint32_t me)
{
    if (own_page)
        ac_os_unmap(span, ac_os_page_size());
    else
        descriptor_put(span, me);
}

/* In hardened mode a block ends where the guard page of its run begins. */
static size_t offset_in_run(size_t bytes, size_t units, size_t align)
{
    size_t fence = ac_harden_fence_bytes();
    if (fence == 0)
        return 0;
    return ac_align_down(units * AC_UNIT_BYTES - fence - bytes, align > fence ? align : fence);
}

static bool take_run(struct ac_span *span, size_t bytes, size_t align, uint32_t me, bool try_only,
                     bool *out_zero)
{
    size_t units = (bytes + ac_harden_fence_bytes() + AC_UNIT_BYTES - 1) >> AC_UNIT_SHIFT;
    struct ac_run run = {.for_large = 1};
    unsigned align_units = align > AC_UNIT_BYTES ? (unsigned)(align >> AC_UNIT_SHIFT) : 1;
    bool ok = try_only ? ac_pageheap_take((unsigned)units, align_units, &run, me, true)
                       : ac_purge_take_run((unsigned)units, align_units, &run, me);
    if (!ok)
        return false;
    if (try_only)
        ac_harden_run(&run, units);
    span->kind = AC_SPAN_LARGE;
    span->base = run.base + offset_in_run(bytes, units, align);
    span->chunk = run.chunk;
    span->units = units;
    *out_zero = run.zero || ac_harden_is_on();
    return true;
}

/* From what huge blocks left, or from wholly free chunks. */
static bool take_kept(size_t bytes, struct ac_mapping *out_mapping, uint32_t me)
{
    return ac_mapcache_take(bytes, out_mapping, me) ||
           (ac_pageheap_surrender(bytes, me) && ac_mapcache_take(bytes, out_mapping, me));
}

/* Move kept pieces, none of which was long enough, to fresh addresses: the system moves page tables for a
 * small part of what as many faults would cost. Returns the bytes that are no longer fresh. What is not to
 * be touched any more is cut off *target; whoever finds it shorter has failed. */
static size_t assemble(struct ac_mapping *target, uint32_t me)
{
    size_t done = 0;
    bool lost = false;
    struct ac_mapping m;
    while (!lost && done < target->bytes &&
           ac_mapcache_take_some(ASSEMBLE_MIN_BYTES, target->bytes - done, &m, me)) {
        if (ac_os_move((void *)m.base, m.bytes, m.bytes, (void *)(target->base + done), &lost)) {
            done += m.bytes;
            continue;
        }
        ac_mapping_unmap(m);
        if (lost) {
            size_t behind = done + m.bytes;
            ac_mapping_unmap((struct ac_mapping){target->base + behind, target->bytes - behind});
            target->bytes = done;
        }
    }
    return done;
}

/* At fresh addresses; the memory is fresh only as far as nothing kept is there to be moved to them. */
static bool take_addresses(struct ac_mapping *m, size_t align, uint32_t me, bool try_only, bool *out_zero)
{
    size_t bytes = m->bytes;
    m->base = (uintptr_t)ac_os_map_aligned(0, bytes, align);
    *out_zero = true;
    if (m->base == 0)
        return false;
    if (try_only)
        return true;
    *out_zero = assemble(m, me) == 0;
    ac_purge_before_growth(bytes, me);
    if (m->bytes == bytes)
        return true;
    ac_mapping_unmap(*m);
    m->bytes = bytes;
    return false;
}

static void give_memory(struct ac_span *span, uint32_t me)
{
    if (span->kind == AC_SPAN_HUGE) {
        ac_addresses_drop_huge(span, me);
        ac_fenced_unmap(span);
    } else {
        ac_pageheap_give(span->chunk, span->base, span->units, span->units, me);
    }
    descriptor_put(span, me);
}

size_t ac_large_held_units(void)
{
    return ac_fenced_units();
}

bool ac_large_drain(uint32_t me)
{
    bool any = false;
    struct ac_span *span;
    while ((span = ac_fenced_evict()) != NULL) {
        give_memory(span, me);
        any = true;
    }
    return any;
}

static bool take_fenced(struct ac_span *span, size_t bytes, size_t align, uint32_t me, bool try_only)
{
    if (try_only)
        return ac_fenced_take(span, bytes, align);
    ac_purge_before_growth(bytes, me);
    if (ac_fenced_take(span, bytes, align))
        return true;
    bool more = ac_large_drain(me);
    more = ac_purge_make_room(me) || more;
    return more && ac_fenced_take(span, bytes, align);
}

static bool take_mapping(struct ac_span *span, size_t bytes, size_t align, uint32_t me, bool try_only,
                         bool *out_zero)
{
    struct ac_mapping m;
    *out_zero = true;
    if (ac_harden_is_on()) {
        if (!take_fenced(span, bytes, align, me, try_only))
            return false;
        ac_addresses_add_huge(span, me, try_only);
        ac_purge_count_huge((ptrdiff_t)ac_span_bytes(span));
        return true;
    }
    size_t granule = ac_mapcache_granule();
    size_t map_align = align > granule ? align : granule;
    m.bytes = ac_align_up(bytes, granule);
    if (!try_only && align <= AC_UNIT_BYTES && take_kept(m.bytes, &m, me)) {
        *out_zero = false;
    } else {
        if (!take_addresses(&m, map_align, me, try_only, out_zero)) {
            bool lost = m.base != 0;
            bool again = !try_only && (ac_purge_make_room(me) || lost);
            if (!again || !take_addresses(&m, map_align, me, false, out_zero))
                return false;
        }
        if (!ac_pagemap_reserve(m.base, m.bytes)) {
            ac_mapping_unmap(m);
            return false;
        }
    }
    span->kind = AC_SPAN_HUGE;
    span->base = m.base;
    span->units = m.bytes >> AC_UNIT_SHIFT;
    ac_addresses_add_huge(span, me, try_only);
    ac_purge_count_huge((ptrdiff_t)m.bytes);
    return true;
}

void *ac_large_alloc(size_t size, size_t align, uint32_t me, bool try_only, bool *out_zero)
{
    if (size > PTRDIFF_MAX || align > (size_t)1 << (AC_ADDRESS_BITS - 1))
        return NULL;
    size_t bytes = ac_align_up(size == 0 ? 1 : size, ac_os_page_size());
    size_t units = (bytes + AC_UNIT_BYTES - 1) >> AC_UNIT_SHIFT;
    bool own_page;
    struct ac_span *span = descriptor_get(me, try_only, &own_page);
    if (span == NULL)
        return NULL;
    bool in_run = units <= AC_LARGE_MAX_UNITS && align <= AC_LARGE_MAX_BYTES;
    bool ok = (in_run && take_run(span, bytes, align, me, try_only, out_zero)) ||
              ((!in_run || try_only) && take_mapping(span, bytes, align, me, try_only, out_zero));
    if (!ok) {
        descriptor_drop(span, own_page, me);
        return NULL;
    }
    span->bytes = bytes;
    span->state = AC_SPAN_LIVE;
    ac_pagemap_set(span->base, span->kind == AC_SPAN_LARGE ? span->units : 1, ac_entry_make(span, 0, 0));
    count_live((ptrdiff_t)bytes, 1);
    return (void *)span->base;
}

void *ac_large_alloc_small(size_t size, uint32_t me, bool try_only)
{
    bool zero;
    void *block = ac_large_alloc(size, AC_UNIT_BYTES, me, try_only, &zero);
    if (block != NULL && !zero)
        memset(block, 0, ac_align_up(size, ac_os_page_size()));
    return block;
}

void ac_large_check(const struct ac_span *span, const void *block)
{
    if (AC_UNLIKELY(span->kind == AC_SPAN_GUARDED)) {
        ac_guard_check(block);
        return;
    }
    if (AC_UNLIKELY((uintptr_t)block != span->base))
        ac_fault_raise((uintptr_t)block % AC_GRANULE_BYTES != 0 ? AC_FAULT_MISALIGNED
                                                                : AC_FAULT_INTERIOR_FREE,
                       block, 0, "large block");
    if (AC_UNLIKELY(ac_load_rlx(&span->state) != AC_SPAN_LIVE))
        ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, 0, "large block");
}

static void keep_or_unmap(struct ac_mapping m, uint32_t me)
{
    if (m.bytes <= AC_MAPCACHE_MAX_BYTES)
        ac_mapcache_put(m, &m, me);
    ac_mapping_unmap(m);
}

void ac_large_free(struct ac_span *span, void *block, uint32_t me)
{
    if (AC_UNLIKELY(span->kind == AC_SPAN_GUARDED)) {
        ac_guard_free(block, me);
        return;
    }
    ac_large_check(span, block);
    uint8_t live = AC_SPAN_LIVE;
    if (AC_UNLIKELY(!ac_cas_acq(&span->state, &live, (uint8_t)AC_SPAN_FREED)))
        ac_fault_raise(AC_FAULT_DOUBLE_FREE, block, 0, "large block");
    count_live(-(ptrdiff_t)span->bytes, -1);
    bool huge = span->kind == AC_SPAN_HUGE;
    ac_pagemap_set(span->base, huge ? 1 : span->units, ac_entry_make(NULL, AC_FREED_SHARD, 0));
    if (ac_harden_is_on()) {
        ac_purge_count_huge(huge ? -(ptrdiff_t)ac_span_bytes(span) : 0);
        span = ac_fenced_give(span);
        if (span != NULL)
            give_memory(span, me);
        return;
    }
    if (huge) {
        struct ac_mapping m = {span->base, ac_span_bytes(span)};
        ac_addresses_drop_huge(span, me);
        ac_purge_count_huge(-(ptrdiff_t)m.bytes);
        keep_or_unmap(m, me);
    } else {
        size_t touched = (span->bytes + AC_UNIT_BYTES - 1) >> AC_UNIT_SHIFT;
        ac_pageheap_give(span->chunk, span->base, span->units, touched, me);
    }
    descriptor_put(span, me);
}

static void set_bytes(struct ac_span *span, size_t bytes)
{
    count_live((ptrdiff_t)bytes - (ptrdiff_t)span->bytes, 0);
    span->bytes = bytes;
}

static void *resize_run(struct ac_span *span, void *block, size_t bytes, uint32_t me)
{
    size_t units = (bytes + AC_UNIT_BYTES - 1) >> AC_UNIT_SHIFT;
    bool zero;
    if (units > AC_LARGE_MAX_UNITS)
        return NULL;
    if (units > span->units) {
        size_t more = units - span->units;
        if (!ac_pageheap_extend(span->chunk, span->base, span->units, more, me, &zero))
            return NULL;
        if (zero)
            ac_purge_before_growth(0, me);
        ac_pagemap_set(span->base + ac_span_bytes(span), more, ac_entry_make(span, 0, 0));
    } else if (units < span->units) {
        uintptr_t tail = span->base + units * AC_UNIT_BYTES;
        size_t ntail = span->units - units;
        ac_pagemap_set(tail, ntail, ac_entry_make(NULL, AC_FREED_SHARD, 0));
        /* First: a fork in between may lose the tail, but not give it back twice. */
        ac_store_rlx(&span->units, units);
        ac_compiler_barrier();
        ac_pageheap_give(span->chunk, tail, ntail, ntail, me);
    }
    ac_store_rlx(&span->units, units);
    set_bytes(span, bytes);
    return block;
}

static void huge_set_units(struct ac_span *span, size_t units)
{
    ac_purge_count_huge(((ptrdiff_t)units - (ptrdiff_t)span->units) * (ptrdiff_t)AC_UNIT_BYTES);
    span->units = units;
    ac_addresses_show_huge(span);
}

/* The system moves a mapping and makes it longer at once, if to it the mapping is one; later kernels move
 * several that lie together as they are. Where neither is done the bytes are copied, once: what they are
 * copied to is one mapping. */
static bool move_contents(const struct ac_span *span, void *target, size_t roomy, uint32_t me)
{
    struct ac_mapping old = {span->base, ac_span_bytes(span)};
    bool lost;
    if (ac_os_move((void *)old.base, old.bytes, roomy, target, &lost))
        return true;
    if (!lost) {
        if (ac_os_move((void *)old.base, old.bytes, old.bytes, target, &lost))
            return true;
        if (lost)
            ac_mapping_unmap((struct ac_mapping){(uintptr_t)target + old.bytes, roomy - old.bytes});
    }
    if (lost)
        return false;
    memcpy(target, (void *)old.base, span->bytes);
    keep_or_unmap(old, me);
    return true;
}

static void *move_mapping(struct ac_span *span, size_t bytes, uint32_t me)
{
    size_t roomy = ac_align_up(bytes + bytes / 8, ac_mapcache_granule());
    void *target = ac_os_map_aligned(0, roomy, ac_mapcache_granule());
    if (target == NULL)
        return NULL;
    if (!ac_pagemap_reserve((uintptr_t)target, roomy)) {
        ac_os_unmap(target, roomy);
        return NULL;
    }
    /* The entry goes before the addresses do: another thread may have them the moment they are free. */
    ac_pagemap_set(span->base, 1, ac_entry_make(NULL, AC_FREED_SHARD, 0));
    if (!move_contents(span, target, roomy, me)) {
        ac_pagemap_set(span->base, 1, ac_entry_make(span, 0, 0));
        return NULL;
    }
    span->base = (uintptr_t)target;
    ac_pagemap_set(span->base, 1, ac_entry_make(span, 0, 0));
    huge_set_units(span, roomy >> AC_UNIT_SHIFT);
    return target;
}

static void *resize_mapping(struct ac_span *span, void *block, size_t bytes, uint32_t me)
{
    size_t have = ac_span_bytes(span);
    size_t want = ac_align_up(bytes, ac_mapcache_granule());
    if (want > have) {
        if (!ac_pagemap_reserve(span->base, want))
            return NULL;
        bool kept = ac_mapcache_take_at(span->base + have, want - have, me);
        if (!kept)
            ac_purge_before_growth(want - have, me);
        if (kept || ac_os_resize(block, have, want))
            huge_set_units(span, want >> AC_UNIT_SHIFT);
        else
            block = move_mapping(span, bytes, me);
        if (block == NULL)
            return NULL;
    } else if (bytes < span->bytes && want < have) {
        ac_mapping_unmap((struct ac_mapping){span->base + want, have - want});
        huge_set_units(span, want >> AC_UNIT_SHIFT);
    }
    set_bytes(span, bytes);
    return block;
}

void *ac_large_move(struct ac_span *span, size_t size)
{
    size_t bytes = ac_align_up(size, ac_os_page_size());
    size_t before = ac_span_bytes(span);
    if (size > PTRDIFF_MAX || !ac_fenced_move(span, bytes))
        return NULL;
    ac_purge_count_huge((ptrdiff_t)ac_span_bytes(span) - (ptrdiff_t)before);
    ac_addresses_show_huge(span);
    set_bytes(span, bytes);
    return (void *)span->base;
}

void *ac_large_resize(struct ac_span *span, void *block, size_t size, uint32_t me)
{
    if (size > PTRDIFF_MAX)
        return NULL;
    size_t bytes = ac_align_up(size, ac_os_page_size());
    if (bytes == span->bytes)
        return block;
    return span->kind == AC_SPAN_HUGE ? resize_mapping(span, block, bytes, me)
                                      : resize_run(span, block, bytes, me);
}

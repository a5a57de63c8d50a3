/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Problem. Runs of 1 to 64 units come and go. Memory that was used lately is resident and costs nothing to
 * use again; memory that was not costs a page fault a page. Free memory scattered over many chunks can
 * neither serve a long run nor be given back in big pieces.
 *
 * Idea. A chunk is 64 units in one word, so that finding, taking and joining runs is bit arithmetic and
 * neighbours need no merging. A request goes to the chunk with the smallest longest-free-run that
 * suffices, and among those to the fullest; so the emptiest chunks drain and end up wholly free. Dirty
 * units are used before untouched ones, in whatever chunk they are: they are already paid for. So is what
 * huge blocks left in the mapping cache: before fresh memory is touched a piece of it becomes a chunk, and
 * when a huge block finds nothing there, the wholly free dirty chunks go the other way (surrender). Lists
 * are in order of last use, clean chunks at the end; purging starts from there.
 *
 *      heap.lists[1 .. 64]: chunks by longest free run      heap.nonempty: bit n-1: lists[n] is not empty
 *          lists[7]  -> chunk -> chunk                            chunk: free  0011100..., dirty 0010100...
 *          lists[64] -> chunk (all free)
 *
 * Cost. take: a bit scan for the list, up to SCAN_CHUNKS looks for the best, a handful of shifts. give:
 * one word update. Both relist the chunk, O(longest run) shifts.
 *
 * Growth. An arena is a quarter of what is mapped, at least 8 MiB; when the system refuses, the step
 * is halved, down to the run itself, which then becomes a chunk of fewer units: a process with only a
 * small hole of address space left still gets it.
 *
 * Purging. The units are taken out of `free`, the lock is dropped, the system called, and the units come
 * back clean. In a child forked in that moment they are lost: a bounded leak instead of a lock held across
 * fork.
 */
#include "core/pageheap.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/addresses.h"
#include "core/chunk.h"
#include "core/harden.h"
#include "core/mapcache.h"
#include "core/meta.h"
#include "core/option.h"
#include "core/pagemap.h"
#include "core/segment.h"
#include "os/os.h"

#define SCAN_CHUNKS 8
#define HUGE_MIN_BYTES (8 * AC_CHUNK_BYTES)

static struct ac_pageheap heap;

static void heap_init_locked(void)
{
    for (unsigned i = 0; i <= AC_CHUNK_UNITS; i++)
        ac_list_init(&heap.lists[i]);
    heap.nonempty = 0;
    heap.ready = true;
}

static void heap_show(void)
{
    struct ac_state_pages *row = ac_segment_pages;
    ac_store_rlx(&row->used_bytes, heap.used_units * AC_UNIT_BYTES);
    ac_store_rlx(&row->dirty_bytes, heap.dirty_units * AC_UNIT_BYTES);
    ac_store_rlx(&row->mapped_bytes, heap.mapped_bytes);
    ac_store_rlx(&row->purged_bytes, heap.purged_bytes);
    ac_store_rlx(&row->chunks, heap.chunks);
}

static void heap_unlock(void)
{
    heap_show();
    ac_unlock(&heap.lock);
}

static void chunk_unlist(struct ac_chunk *chunk)
{
    if (chunk->longest == 0)
        return;
    ac_list_remove(&chunk->link);
    if (ac_list_is_empty(&heap.lists[chunk->longest]))
        heap.nonempty &= ~((uint64_t)1 << (chunk->longest - 1));
    chunk->longest = 0;
}

/* Restore PH3 after `free` has changed. */
static void chunk_relist(struct ac_chunk *chunk)
{
    unsigned longest = ac_bit_longest_run(chunk->free);
    ac_addresses_show_chunk(chunk);
    if (longest == chunk->longest)
        return;
    chunk_unlist(chunk);
    if (longest == 0)
        return;
    chunk->longest = (uint8_t)longest;
    if ((chunk->free & chunk->dirty) != 0)
        ac_list_push(&heap.lists[longest], &chunk->link);
    else
        ac_list_append(&heap.lists[longest], &chunk->link);
    heap.nonempty |= (uint64_t)1 << (longest - 1);
}

static unsigned dirty_free(const struct ac_chunk *chunk, uint64_t mask)
{
    return (unsigned)__builtin_popcountll(chunk->free & chunk->dirty & mask);
}

/* The best of the first chunks of a list: one that has a dirty run of this length, and of those the
 * fullest. */
static struct ac_chunk *list_best(struct ac_list *list, unsigned units)
{
    struct ac_chunk *best = NULL;
    unsigned best_cost = UINT32_MAX;
    unsigned looked = 0;
    for (struct ac_list *l = list->next; l != list && looked < SCAN_CHUNKS; l = l->next, looked++) {
        struct ac_chunk *chunk = AC_CONTAINER(l, struct ac_chunk, link);
        bool clean = ac_bit_runs(chunk->free & chunk->dirty, units) == 0;
        unsigned cost = (unsigned)__builtin_popcountll(chunk->free) + (clean ? AC_CHUNK_UNITS : 0);
        if (cost < best_cost) {
            best = chunk;
            best_cost = cost;
        }
    }
    return best;
}

static bool chunk_take(struct ac_chunk *chunk, unsigned units, unsigned align_units, struct ac_run *out_run)
{
    uint64_t runs = ac_bit_runs(chunk->free, units);
    if (align_units > 1)
        runs &= ac_chunk_aligned_starts(chunk, align_units);
    if (runs == 0)
        return false;
    uint64_t dirty_runs = runs & ac_bit_runs(chunk->free & chunk->dirty, units);
    unsigned start = (unsigned)__builtin_ctzll(dirty_runs != 0 ? dirty_runs : runs);
    uint64_t mask = ac_bit_range(start, units);
    out_run->base = chunk->base + start * AC_UNIT_BYTES;
    out_run->chunk = chunk;
    out_run->zero = (chunk->dirty & mask) == 0;
    out_run->fresh = (chunk->dirty & mask) != mask;
    out_run->virgin = chunk->dirty == 0 && chunk->units == AC_CHUNK_UNITS && ac_chunk_is_free(chunk);
    ac_count_add(&heap.dirty_units, -(size_t)dirty_free(chunk, mask));
    ac_count_add(&heap.used_units, units);
    chunk->free &= ~mask;
    chunk->large |= out_run->for_large != 0 ? mask : 0;
    chunk_relist(chunk);
    return true;
}

static bool heap_take_locked(unsigned units, unsigned align_units, bool dirty_only, struct ac_run *out_run)
{
    uint64_t candidates = heap.nonempty & (~(uint64_t)0 << (units - 1));
    if (dirty_only && heap.dirty_units < units)
        return false;
    for (; candidates != 0; candidates &= candidates - 1) {
        struct ac_list *list = &heap.lists[__builtin_ctzll(candidates) + 1];
        struct ac_chunk *chunk = list_best(list, units);
        if (dirty_only && ac_bit_runs(chunk->free & chunk->dirty, units) == 0)
            continue;
        if (chunk_take(chunk, units, align_units, out_run))
            return true;
    }
    return false;
}

static bool chunk_add_locked(uintptr_t base, unsigned units, bool dirty, uint32_t me)
{
    struct ac_chunk *chunk = ac_meta_get(1, me);
    if (chunk == NULL)
        return false;
    chunk->base = base;
    chunk->units = (uint8_t)units;
    chunk->free = ac_bit_range(0, units);
    chunk->dirty = dirty ? chunk->free : 0;
    chunk->large = 0;
    chunk->epoch = heap.epoch;
    ac_list_init(&chunk->link);
    ac_addresses_add_chunk(chunk, me);
    ac_count_add(&heap.chunks, 1);
    ac_count_add(&heap.dirty_units, dirty ? units : 0);
    chunk_relist(chunk);
    return true;
}

/* Make a chunk of what a huge block left, rather than touch fresh memory. */
static bool heap_adopt_locked(unsigned units, uint32_t me)
{
    struct ac_mapping m;
    struct ac_mapping evicted = {0, 0};
    if (!ac_mapcache_take_some(units * AC_UNIT_BYTES, AC_CHUNK_BYTES, &m, me))
        return false;
    if (chunk_add_locked(m.base, (unsigned)(m.bytes / AC_UNIT_BYTES), true, me)) {
        ac_count_add(&heap.mapped_bytes, m.bytes);
        return true;
    }
    ac_mapcache_put(m, &evicted, me);
    ac_mapping_unmap(evicted);
    return false;
}

/* Make chunks of a fresh arena. What cannot be described is returned. */
static bool arena_add_locked(uintptr_t base, size_t bytes, uint32_t me)
{
    if (!ac_pagemap_reserve(base, bytes)) {
        ac_os_unmap((void *)base, bytes);
        return false;
    }
    ac_os_avoid_huge_pages((void *)base, bytes);
    size_t done = 0;
    while (done < bytes) {
        size_t step = bytes - done < AC_CHUNK_BYTES ? bytes - done : AC_CHUNK_BYTES;
        if (!chunk_add_locked(base + done, (unsigned)(step / AC_UNIT_BYTES), false, me)) {
            ac_os_unmap((void *)(base + done), bytes - done);
            break;
        }
        done += step;
    }
    ac_count_add(&heap.mapped_bytes, done);
    heap.last_arena = base;
    return done != 0;
}

static size_t grow_step(void)
{
    size_t step = ac_align_up(heap.mapped_bytes / 4, AC_CHUNK_BYTES);
    if (step < AC_GROW_MIN_BYTES)
        return AC_GROW_MIN_BYTES;
    return step < AC_GROW_MAX_BYTES ? step : AC_GROW_MAX_BYTES;
}

static bool heap_grow_locked(unsigned units, unsigned align_units, uint32_t me)
{
    for (size_t bytes = grow_step(); bytes >= AC_CHUNK_BYTES;
         bytes = ac_align_down(bytes / 2, AC_CHUNK_BYTES)) {
        uintptr_t hint = ac_harden_is_on()         ? ac_harden_place(bytes)
                         : heap.last_arena > bytes ? heap.last_arena - bytes
                                                   : 0;
        void *p = ac_os_map_aligned(hint, bytes, AC_CHUNK_BYTES);
        if (p != NULL)
            return arena_add_locked((uintptr_t)p, bytes, me);
    }
    size_t need = ac_align_up(units * AC_UNIT_BYTES, ac_os_page_size());
    size_t align = align_units * AC_UNIT_BYTES;
    void *p = ac_os_map_aligned(0, need, align > ac_os_page_size() ? align : ac_os_page_size());
    return p != NULL && arena_add_locked((uintptr_t)p, need, me);
}

/* A large heap gets huge pages where it grows. They are asked for chunk by chunk and only while one is first
 * touched: what the system knows as a range for huge pages it fills again, in time, after a purge. The
 * rest of the chunk is resident from then on, so it is dirty. */
static void chunk_fill_huge(const struct ac_run *run, uint32_t me)
{
    struct ac_chunk *chunk = run->chunk;
    if (!ac_os_fill_huge_pages((void *)chunk->base, AC_CHUNK_BYTES, (void *)run->base))
        return;
    ac_lock(&heap.lock, me);
    ac_count_add(&heap.dirty_units, (unsigned)__builtin_popcountll(chunk->free & ~chunk->dirty));
    chunk->dirty = ~(uint64_t)0;
    heap_unlock();
}

/* Large enough for the rest of a chunk to be within the slack of growth (purge.c), too. */
static bool heap_is_large(void)
{
    size_t bytes = (heap.used_units + heap.dirty_units) * AC_UNIT_BYTES;
    return bytes >= HUGE_MIN_BYTES && bytes >= ac_option_value[AC_OPTION_huge_from];
}

bool ac_pageheap_take(unsigned units, unsigned align_units, struct ac_run *out_run, uint32_t me,
                      bool try_only)
{
    if (!try_only)
        ac_lock(&heap.lock, me);
    else if (!ac_lock_try(&heap.lock, me))
        return false;
    if (AC_UNLIKELY(!heap.ready))
        heap_init_locked();
    bool ok = heap_take_locked(units, align_units, true, out_run);
    if (!ok && !try_only && align_units == 1 && heap_adopt_locked(units, me))
        ok = heap_take_locked(units, 1, true, out_run);
    if (!ok)
        ok = heap_take_locked(units, align_units, false, out_run);
    if (!ok && !try_only && heap_grow_locked(units, align_units, me))
        ok = heap_take_locked(units, align_units, false, out_run);
    bool huge = ok && !try_only && out_run->virgin && heap_is_large() && !ac_harden_is_on();
    heap_unlock();
    if (AC_UNLIKELY(huge))
        chunk_fill_huge(out_run, me);
    return ok;
}

static unsigned unit_index(const struct ac_chunk *chunk, uintptr_t base)
{
    return (unsigned)((base - chunk->base) >> AC_UNIT_SHIFT);
}

void ac_pageheap_give(struct ac_chunk *chunk, uintptr_t base, size_t units, size_t touched_units, uint32_t me)
{
    ac_lock(&heap.lock, me);
    if (AC_LIKELY(chunk->epoch == heap.epoch)) {
        unsigned start = unit_index(chunk, base);
        uint64_t mask = ac_bit_range(start, (unsigned)units);
        if (touched_units != 0)
            chunk->dirty |= ac_bit_range(start, (unsigned)touched_units);
        chunk->free |= mask;
        chunk->large &= ~mask;
        ac_count_add(&heap.dirty_units, dirty_free(chunk, mask));
        ac_count_add(&heap.used_units, -units);
        chunk_relist(chunk);
    }
    heap_unlock();
}

bool ac_pageheap_extend(struct ac_chunk *chunk, uintptr_t base, size_t units, size_t more_units, uint32_t me,
                        bool *out_zero)
{
    unsigned end = unit_index(chunk, base) + (unsigned)units;
    if (end + more_units > chunk->units)
        return false;
    uint64_t mask = ac_bit_range(end, (unsigned)more_units);
    ac_lock(&heap.lock, me);
    bool ok = (chunk->free & mask) == mask && chunk->epoch == heap.epoch;
    if (ok) {
        *out_zero = (chunk->dirty & mask) == 0;
        ac_count_add(&heap.dirty_units, -(size_t)dirty_free(chunk, mask));
        ac_count_add(&heap.used_units, more_units);
        chunk->free &= ~mask;
        chunk->large |= mask;
        chunk_relist(chunk);
    }
    heap_unlock();
    return ok;
}

/* Give up to max_units of the purgeable units of a chunk back. The lock is dropped for the system calls. */
static size_t chunk_purge_locked(struct ac_chunk *chunk, unsigned min_units, size_t max_units, uint32_t me)
{
    uint64_t mask = ac_chunk_first_units(ac_chunk_purgeable_units(chunk, min_units), max_units);
    if (mask == 0)
        return 0;
    ac_count_add(&heap.dirty_units, -(size_t)dirty_free(chunk, mask));
    chunk->free &= ~mask;
    chunk_relist(chunk);
    heap_unlock();
    uint64_t purged = 0;
    for (uint64_t left = mask; left != 0;) {
        unsigned start = (unsigned)__builtin_ctzll(left);
        uint64_t rest = ~(left >> start);
        unsigned n = rest != 0 ? (unsigned)__builtin_ctzll(rest) : AC_CHUNK_UNITS;
        uint64_t piece = ac_bit_range(start, n);
        if (ac_os_purge((void *)(chunk->base + start * AC_UNIT_BYTES), n * AC_UNIT_BYTES))
            purged |= piece;
        left &= ~piece;
    }
    ac_lock(&heap.lock, me);
    unsigned npurged = (unsigned)__builtin_popcountll(purged & chunk->dirty);
    chunk->free |= mask;
    chunk->dirty &= ~purged;
    ac_count_add(&heap.dirty_units, dirty_free(chunk, mask));
    ac_count_add(&heap.purged_bytes, npurged * AC_UNIT_BYTES);
    chunk_relist(chunk);
    return npurged * AC_UNIT_BYTES;
}

static struct ac_chunk *dirty_chunk_of(struct ac_list *list, unsigned min_units)
{
    for (struct ac_list *l = list->prev; l != list; l = l->prev) {
        struct ac_chunk *chunk = AC_CONTAINER(l, struct ac_chunk, link);
        if (ac_chunk_purgeable_units(chunk, min_units) != 0)
            return chunk;
    }
    return NULL;
}

/* Whole chunks first, then long runs, then single units. */
size_t ac_pageheap_purge(size_t keep_bytes, uint32_t me)
{
    static const uint8_t min_units[] = {AC_CHUNK_UNITS, 8, 2, 1};
    size_t given = 0;
    ac_lock(&heap.lock, me);
    for (unsigned pass = 0; heap.ready && pass < sizeof min_units; pass++) {
        for (unsigned n = AC_CHUNK_UNITS; n >= min_units[pass]; n--) {
            struct ac_chunk *chunk;
            while (heap.dirty_units * AC_UNIT_BYTES > keep_bytes &&
                   (chunk = dirty_chunk_of(&heap.lists[n], min_units[pass])) != NULL) {
                size_t excess_units = heap.dirty_units - keep_bytes / AC_UNIT_BYTES;
                size_t bytes = chunk_purge_locked(chunk, min_units[pass], excess_units, me);
                if (bytes == 0)
                    break; /* refused (locked memory): on to the next list */
                given += bytes;
            }
        }
    }
    heap_unlock();
    return given;
}

/* The chunk's memory is the page heap's no more. */
static void chunk_forget_locked(struct ac_chunk *chunk, uint32_t me)
{
    ac_count_add(&heap.dirty_units, -(size_t)dirty_free(chunk, ~(uint64_t)0));
    ac_count_add(&heap.mapped_bytes, -(chunk->units * AC_UNIT_BYTES));
    ac_count_add(&heap.chunks, (size_t)-1);
    chunk_unlist(chunk);
    ac_addresses_drop_chunk(chunk, me);
    ac_meta_put(chunk, 1, me);
}

/* Unmap a chunk; or, to `cache`, move it there if any of it is dirty. */
static bool chunk_release_locked(struct ac_chunk *chunk, bool cache, uint32_t me)
{
    struct ac_mapping m = {chunk->base, chunk->units * AC_UNIT_BYTES};
    if (!ac_chunk_is_free(chunk) || (cache && chunk->dirty == 0))
        return false;
    /* Whoever maps these addresses next is not acre. */
    ac_pagemap_set(m.base, chunk->units, cache ? ac_entry_make(NULL, AC_FREED_SHARD, 0) : 0);
    if (!cache && !ac_os_unmap((void *)m.base, m.bytes))
        return false;
    ac_harden_forget_guards((unsigned)__builtin_popcountll(chunk->fenced));
    chunk_forget_locked(chunk, me);
    if (cache) {
        ac_mapcache_put(m, &m, me);
        ac_mapping_unmap(m); /* what had to make room for it */
    }
    return true;
}

/* Over all chunks; the bytes of those released. */
static size_t heap_release_locked(bool cache, uint32_t me)
{
    size_t before = heap.mapped_bytes;
    for (unsigned n = 1; heap.ready && n <= AC_CHUNK_UNITS; n++) {
        struct ac_list *next;
        for (struct ac_list *l = heap.lists[n].next; l != &heap.lists[n]; l = next) {
            next = l->next;
            chunk_release_locked(AC_CONTAINER(l, struct ac_chunk, link), cache, me);
        }
    }
    return before - heap.mapped_bytes;
}

size_t ac_pageheap_release(uint32_t me)
{
    ac_lock(&heap.lock, me);
    size_t given = heap_release_locked(false, me);
    heap_unlock();
    return given;
}

bool ac_pageheap_surrender(size_t bytes, uint32_t me)
{
    if (ac_load_rlx(&heap.dirty_units) * AC_UNIT_BYTES < bytes)
        return false;
    ac_lock(&heap.lock, me);
    size_t moved = heap_release_locked(true, me);
    heap_unlock();
    return moved != 0;
}

void ac_pageheap_get_stats(struct ac_pageheap_stats *out_stats)
{
    out_stats->mapped_bytes = ac_load_rlx(&heap.mapped_bytes);
    out_stats->used_bytes = ac_load_rlx(&heap.used_units) * AC_UNIT_BYTES;
    out_stats->dirty_bytes = ac_load_rlx(&heap.dirty_units) * AC_UNIT_BYTES;
    out_stats->purged_bytes = ac_load_rlx(&heap.purged_bytes);
    out_stats->chunks = ac_load_rlx(&heap.chunks);
}

const struct ac_pageheap *ac_pageheap_hold(uint32_t me)
{
    ac_lock(&heap.lock, me);
    return &heap;
}

void ac_pageheap_let_go(void)
{
    ac_unlock(&heap.lock);
}

static void show_listed_chunks(void)
{
    for (unsigned n = 1; heap.ready && n <= AC_CHUNK_UNITS; n++) {
        for (struct ac_list *l = heap.lists[n].next; l != &heap.lists[n]; l = l->next)
            ac_addresses_show_whole_chunk(AC_CONTAINER(l, struct ac_chunk, link));
    }
}

/* Chunks of an earlier epoch are never touched again: their runs stay usable, what is given back into them
 * is lost to the child. */
void ac_pageheap_recover(uint32_t me)
{
    if (ac_lock_was_torn(&heap.lock, me)) {
        heap.epoch++;
        heap.ready = false;
        heap.dirty_units = 0;
        heap.last_arena = 0;
    }
    show_listed_chunks();
    heap_show();
}

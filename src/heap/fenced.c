/* SPDX-License-Identifier: MIT */
#include "heap/fenced.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/harden.h"
#include "core/mapcache.h"
#include "core/pagemap.h"
#include "os/os.h"

#include <string.h>

/* What the span keeps of its mapping, behind what hardened.c keeps there. */
#define MAP_BASE 2
#define MAP_BYTES 3
#define MAP_GUARDS 4

#define PLACES 16u
/* Longer ones are not kept: they would hold memory, or address space. */
#define KEEP_LARGE_BYTES ((size_t)128 << 10)
#define KEEP_HUGE_BYTES ((size_t)64 << 20)

static struct ac_span *quarantine[PLACES];
static uint32_t next_place;
static size_t held_units; /* of runs in it */

static struct ac_mapping mapping_of(const struct ac_span *span)
{
    return (struct ac_mapping){span->free_bits[MAP_BASE], span->free_bits[MAP_BYTES]};
}

/* The block begins `front` bytes into the mapping. Of its two guard pages the system may have refused any. */
static bool map(size_t bytes, size_t front, struct ac_mapping *out_mapping, unsigned *out_guards)
{
    struct ac_mapping m = {0, ac_align_up(front + bytes + ac_os_page_size(), ac_mapcache_granule())};
    m.base = (uintptr_t)ac_os_map_aligned(ac_harden_place_huge(m.bytes, front), m.bytes, front);
    if (m.base == 0)
        return false;
    if (!ac_pagemap_reserve(m.base, m.bytes)) {
        ac_mapping_unmap(m);
        return false;
    }
    size_t page = ac_os_page_size();
    *out_guards = ac_harden_guard(m.base + front - page, page);
    *out_guards += ac_harden_guard(m.base + front + bytes, page);
    *out_mapping = m;
    return true;
}

static void put_in(struct ac_span *span, struct ac_mapping m, size_t front, unsigned guards)
{
    span->base = m.base + front;
    span->units = m.bytes >> AC_UNIT_SHIFT;
    span->free_bits[MAP_BASE] = m.base;
    span->free_bits[MAP_BYTES] = m.bytes;
    span->free_bits[MAP_GUARDS] = guards;
}

bool ac_fenced_take(struct ac_span *span, size_t bytes, size_t align)
{
    struct ac_mapping m;
    unsigned guards;
    size_t front = align > ac_mapcache_granule() ? align : ac_mapcache_granule();
    if (!map(bytes, front, &m, &guards))
        return false;
    span->kind = AC_SPAN_HUGE;
    put_in(span, m, front, guards);
    return true;
}

bool ac_fenced_move(struct ac_span *span, size_t bytes)
{
    struct ac_mapping old = mapping_of(span);
    struct ac_mapping m;
    size_t front = ac_mapcache_granule();
    unsigned guards;
    unsigned old_guards = (unsigned)span->free_bits[MAP_GUARDS];
    uintptr_t from = span->base;
    size_t common = bytes < span->bytes ? bytes : span->bytes;
    bool lost;
    if (!map(bytes, front, &m, &guards))
        return false;
    ac_pagemap_set(from, 1, ac_entry_make(NULL, AC_FREED_SHARD, 0));
    if (ac_os_move((void *)from, common, common, (void *)(m.base + front), &lost)) {
        /* What has moved leaves a hole, which may be another's at once. */
        ac_mapping_unmap((struct ac_mapping){old.base, from - old.base});
        ac_mapping_unmap((struct ac_mapping){from + common, old.base + old.bytes - from - common});
    } else if (lost) {
        ac_pagemap_set(from, 1, ac_entry_make(span, 0, 0));
        /* What lies at `common` bytes from there may be another's. */
        ac_mapping_unmap((struct ac_mapping){m.base, front});
        ac_mapping_unmap((struct ac_mapping){m.base + front + common, m.bytes - front - common});
        ac_harden_forget_guards(guards);
        return false;
    } else {
        memcpy((void *)(m.base + front), (void *)from, common);
        ac_mapping_unmap(old);
    }
    ac_harden_forget_guards(old_guards);
    put_in(span, m, front, guards);
    ac_pagemap_set(span->base, 1, ac_entry_make(span, 0, 0));
    return true;
}

void ac_fenced_unmap(const struct ac_span *span)
{
    ac_mapping_unmap(mapping_of(span));
    ac_harden_forget_guards((unsigned)span->free_bits[MAP_GUARDS]);
}

static bool may_keep(const struct ac_span *span)
{
    if (span->kind == AC_SPAN_LARGE)
        return span->bytes <= KEEP_LARGE_BYTES;
    struct ac_mapping m = mapping_of(span);
    return span->bytes <= KEEP_HUGE_BYTES && ac_os_no_access((void *)m.base, m.bytes);
}

/* `in` is counted first: once it is in its place another thread may take it out, and its record is gone. */
static struct ac_span *exchange(unsigned place, struct ac_span *in)
{
    if (in != NULL && in->kind == AC_SPAN_LARGE)
        ac_fetch_add_rlx(&held_units, in->units);
    struct ac_span *out = ac_swap_arl(&quarantine[place], in);
    if (out != NULL && out->kind == AC_SPAN_LARGE)
        ac_fetch_add_rlx(&held_units, -out->units);
    return out;
}

/* What a thread that is gone had counted and not put in place yet. */
void ac_fenced_recover(void)
{
    size_t units = 0;
    for (unsigned i = 0; i < PLACES; i++) {
        const struct ac_span *span = ac_load_rlx(&quarantine[i]);
        units += span != NULL && span->kind == AC_SPAN_LARGE ? span->units : 0;
    }
    ac_store_rlx(&held_units, units);
}

size_t ac_fenced_units(void)
{
    return ac_load_rlx(&held_units);
}

struct ac_span *ac_fenced_give(struct ac_span *span)
{
    return may_keep(span) ? exchange(ac_fetch_add_rlx(&next_place, 1) % PLACES, span) : span;
}

struct ac_span *ac_fenced_evict(void)
{
    for (unsigned i = 0; i < PLACES; i++) {
        struct ac_span *span = exchange(i, NULL);
        if (span != NULL)
            return span;
    }
    return NULL;
}

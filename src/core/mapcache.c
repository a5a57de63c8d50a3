/* SPDX-License-Identifier: MIT
 *
 * An array of at most AC_MAPCACHE_EXTENTS, ordered by address. Searching it is a few hundred comparisons
 * at worst, once for a block of over a MiB: less than one of the page faults that a kept page saves.
 */
#include "core/mapcache.h"

#include "base/atomic.h"
#include "core/addresses.h"
#include "core/segment.h"
#include "os/os.h"

#include <string.h>

static struct ac_mapcache cache;

/* As many rows as there were extents at the last time, or are now. */
static void cache_show(void)
{
    static unsigned nshown;
    for (unsigned i = 0; i < cache.count || i < nshown; i++)
        ac_addresses_show_kept(i, i < cache.count ? cache.extents[i].m : (struct ac_mapping){0, 0});
    nshown = cache.count;
    ac_store_rlx(&ac_segment_pages->kept_bytes, cache.bytes);
}

static void cache_unlock(void)
{
    cache_show();
    ac_unlock(&cache.lock);
}

size_t ac_mapcache_granule(void)
{
    return ac_os_page_size() > AC_UNIT_BYTES ? ac_os_page_size() : AC_UNIT_BYTES;
}

static void extent_remove(unsigned i)
{
    cache.count--;
    memmove(&cache.extents[i], &cache.extents[i + 1], (cache.count - i) * sizeof cache.extents[0]);
}

static void extent_insert(unsigned i, struct ac_mapping m)
{
    memmove(&cache.extents[i + 1], &cache.extents[i], (cache.count - i) * sizeof cache.extents[0]);
    cache.extents[i].m = m;
    cache.extents[i].age = cache.puts;
    cache.count++;
}

/* Cut `bytes` off the front. */
static void extent_cut(unsigned i, size_t bytes)
{
    struct ac_mapping *m = &cache.extents[i].m;
    ac_count_add(&cache.bytes, -bytes);
    m->base += bytes;
    m->bytes -= bytes;
    if (m->bytes == 0)
        extent_remove(i);
}

/* Index of the first extent behind an address. */
static unsigned extent_after(uintptr_t base)
{
    unsigned i = 0;
    while (i < cache.count && cache.extents[i].m.base < base)
        i++;
    return i;
}

static unsigned oldest(void)
{
    unsigned best = 0;
    for (unsigned i = 1; i < cache.count; i++) {
        if (cache.extents[i].age < cache.extents[best].age)
            best = i;
    }
    return best;
}

/* The smallest extent that has `bytes`, or else the longest. */
static unsigned best_fit(size_t bytes)
{
    unsigned best = 0;
    for (unsigned i = 1; i < cache.count; i++) {
        size_t have = cache.extents[i].m.bytes;
        size_t best_has = cache.extents[best].m.bytes;
        if (best_has < bytes ? have > best_has : have >= bytes && have < best_has)
            best = i;
    }
    return best;
}

bool ac_mapcache_take_some(size_t least_bytes, size_t most_bytes, struct ac_mapping *out_mapping, uint32_t me)
{
    if (ac_load_rlx(&cache.bytes) < least_bytes)
        return false;
    ac_lock(&cache.lock, me);
    unsigned best = best_fit(most_bytes);
    bool found = cache.count != 0 && cache.extents[best].m.bytes >= least_bytes;
    if (found) {
        *out_mapping = cache.extents[best].m;
        if (out_mapping->bytes > most_bytes)
            out_mapping->bytes = most_bytes;
        extent_cut(best, out_mapping->bytes);
    }
    cache_unlock();
    return found;
}

bool ac_mapcache_take(size_t bytes, struct ac_mapping *out_mapping, uint32_t me)
{
    return ac_mapcache_take_some(bytes, bytes, out_mapping, me);
}

bool ac_mapcache_take_at(uintptr_t base, size_t bytes, uint32_t me)
{
    if (ac_load_rlx(&cache.bytes) < bytes)
        return false;
    ac_lock(&cache.lock, me);
    unsigned i = extent_after(base);
    bool found = i < cache.count && cache.extents[i].m.base == base && cache.extents[i].m.bytes >= bytes;
    if (found)
        extent_cut(i, bytes);
    cache_unlock();
    return found;
}

void ac_mapcache_put(struct ac_mapping mapping, struct ac_mapping *out_evicted, uint32_t me)
{
    out_evicted->bytes = 0;
    ac_lock(&cache.lock, me);
    ac_count_add(&cache.bytes, mapping.bytes);
    cache.puts++;
    unsigned i = extent_after(mapping.base);
    if (i < cache.count && cache.extents[i].m.base == mapping.base + mapping.bytes) {
        mapping.bytes += cache.extents[i].m.bytes;
        extent_remove(i);
    }
    if (i > 0 && cache.extents[i - 1].m.base + cache.extents[i - 1].m.bytes == mapping.base) {
        cache.extents[i - 1].m.bytes += mapping.bytes;
        cache.extents[i - 1].age = cache.puts;
    } else {
        if (cache.count == AC_MAPCACHE_EXTENTS) {
            unsigned old = oldest();
            *out_evicted = cache.extents[old].m;
            extent_cut(old, out_evicted->bytes);
            i -= old < i;
        }
        extent_insert(i, mapping);
    }
    cache_unlock();
}

bool ac_mapcache_evict(size_t max_bytes, struct ac_mapping *out_mapping, uint32_t me)
{
    ac_lock(&cache.lock, me);
    bool any = cache.count != 0;
    if (any) {
        unsigned old = oldest();
        struct ac_mapping *m = &cache.extents[old].m;
        size_t keep = m->bytes > max_bytes ? m->bytes - max_bytes : 0;
        out_mapping->base = m->base + keep;
        out_mapping->bytes = m->bytes - keep;
        m->bytes = keep;
        ac_count_add(&cache.bytes, -out_mapping->bytes);
        if (keep == 0)
            extent_remove(old);
    }
    cache_unlock();
    return any;
}

void ac_mapping_unmap(struct ac_mapping mapping)
{
    if (mapping.bytes != 0 && !ac_os_unmap((void *)mapping.base, mapping.bytes))
        ac_os_purge((void *)mapping.base, mapping.bytes);
}

size_t ac_mapcache_bytes(void)
{
    return ac_load_rlx(&cache.bytes);
}

const struct ac_mapcache *ac_mapcache_hold(uint32_t me)
{
    ac_lock(&cache.lock, me);
    return &cache;
}

void ac_mapcache_let_go(void)
{
    ac_unlock(&cache.lock);
}

void ac_mapcache_recover(uint32_t me)
{
    if (ac_lock_was_torn(&cache.lock, me)) {
        cache.count = 0;
        cache.bytes = 0;
    }
    cache_show();
}

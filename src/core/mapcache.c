/* SPDX-License-Identifier: MIT */
#include "core/mapcache.h"

#include "base/atomic.h"
#include "core/config.h"
#include "os/lock.h"

#include <string.h>

static struct {
    struct ac_lock lock;
    unsigned count;
    size_t bytes;
    struct ac_mapping kept[AC_HUGE_CACHE_SLOTS]; /* oldest first */
} cache;

static struct ac_mapping remove_at(unsigned i)
{
    struct ac_mapping m = cache.kept[i];
    cache.count--;
    memmove(&cache.kept[i], &cache.kept[i + 1], (cache.count - i) * sizeof m);
    ac_count_add(&cache.bytes, -m.bytes);
    return m;
}

bool ac_mapcache_take(size_t bytes, struct ac_mapping *out_mapping, uint32_t me)
{
    unsigned best = AC_HUGE_CACHE_SLOTS;
    if (ac_load_rlx(&cache.bytes) < bytes)
        return false;
    ac_lock(&cache.lock, me);
    for (unsigned i = 0; i < cache.count; i++) {
        size_t kept = cache.kept[i].bytes;
        if (kept < bytes || kept > bytes + bytes / 4)
            continue;
        if (best == AC_HUGE_CACHE_SLOTS || kept <= cache.kept[best].bytes)
            best = i;
    }
    if (best != AC_HUGE_CACHE_SLOTS)
        *out_mapping = remove_at(best);
    ac_unlock(&cache.lock);
    return best != AC_HUGE_CACHE_SLOTS;
}

void ac_mapcache_put(struct ac_mapping mapping, struct ac_mapping *out_evicted, uint32_t me)
{
    out_evicted->bytes = 0;
    ac_lock(&cache.lock, me);
    if (cache.count == AC_HUGE_CACHE_SLOTS)
        *out_evicted = remove_at(0);
    cache.kept[cache.count++] = mapping;
    ac_count_add(&cache.bytes, mapping.bytes);
    ac_unlock(&cache.lock);
}

bool ac_mapcache_evict(struct ac_mapping *out_mapping, uint32_t me)
{
    ac_lock(&cache.lock, me);
    bool any = cache.count != 0;
    if (any)
        *out_mapping = remove_at(0);
    ac_unlock(&cache.lock);
    return any;
}

size_t ac_mapcache_bytes(void)
{
    return ac_load_rlx(&cache.bytes);
}

void ac_mapcache_recover(uint32_t me)
{
    if (!ac_lock_was_torn(&cache.lock, me))
        return;
    cache.count = 0;
    cache.bytes = 0;
}

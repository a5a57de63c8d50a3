/* SPDX-License-Identifier: MIT */
#include "core/meta.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "core/addresses.h"
#include "core/config.h"
#include "core/segment.h"
#include "os/os.h"

#include <string.h>

static struct ac_meta_store meta;

static bool meta_grow(size_t need_bytes)
{
    size_t bytes = AC_META_CHUNK_BYTES;
    need_bytes = ac_align_up(need_bytes, ac_os_page_size());
    for (;;) {
        if (bytes < need_bytes)
            bytes = need_bytes;
        char *p = ac_os_map(0, bytes);
        if (p != NULL) {
            meta.bump = p;
            meta.end = p + bytes;
            ac_addresses_add_own(p, bytes);
            return true;
        }
        if (bytes == need_bytes)
            return false;
        bytes /= 2;
    }
}

static void *meta_bump(size_t bytes)
{
    if ((size_t)(meta.end - meta.bump) < bytes && !meta_grow(bytes))
        return NULL;
    void *p = meta.bump;
    meta.bump += bytes;
    ac_count_add(&meta.used_bytes, bytes);
    ac_store_rlx(&ac_segment_pages->meta_bytes, meta.used_bytes);
    return p;
}

static void *meta_get_locked(unsigned lines)
{
    struct ac_meta_free *record = meta.free[lines];
    if (record == NULL)
        return meta_bump((size_t)lines * AC_CACHE_LINE);
    meta.free[lines] = record->next;
    memset(record, 0, (size_t)lines * AC_CACHE_LINE);
    return record;
}

void *ac_meta_get(unsigned lines, uint32_t me)
{
    ac_lock(&meta.lock, me);
    void *p = meta_get_locked(lines);
    ac_unlock(&meta.lock);
    return p;
}

void *ac_meta_try_get(unsigned lines, uint32_t me)
{
    if (!ac_lock_try(&meta.lock, me))
        return NULL;
    void *p = meta_get_locked(lines);
    ac_unlock(&meta.lock);
    return p;
}

void ac_meta_put(void *record, unsigned lines, uint32_t me)
{
    struct ac_meta_free *r = record;
    ac_lock(&meta.lock, me);
    r->next = meta.free[lines];
    meta.free[lines] = r;
    ac_unlock(&meta.lock);
}

void *ac_meta_get_bytes(size_t bytes, uint32_t me)
{
    bytes = ac_align_up(bytes, AC_CACHE_LINE);
    ac_lock(&meta.lock, me);
    void *p = meta_bump(bytes);
    ac_unlock(&meta.lock);
    return p;
}

size_t ac_meta_used_bytes(void)
{
    return ac_load_rlx(&meta.used_bytes);
}

const struct ac_meta_store *ac_meta_hold(uint32_t me)
{
    ac_lock(&meta.lock, me);
    return &meta;
}

void ac_meta_let_go(void)
{
    ac_unlock(&meta.lock);
}

/* What the torn lists held is lost to the child: a few records. */
void ac_meta_recover(uint32_t me)
{
    ac_store_rlx(&ac_segment_pages->meta_bytes, meta.used_bytes);
    if (!ac_lock_was_torn(&meta.lock, me))
        return;
    meta.bump = NULL;
    meta.end = NULL;
    memset(meta.free, 0, sizeof meta.free);
}

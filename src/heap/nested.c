/* SPDX-License-Identifier: MIT */
#include "heap/nested.h"

#include "base/atomic.h"
#include "core/fault.h"
#include "core/pagemap.h"
#include "heap/central.h"
#include "heap/large.h"
#include "watch/prof.h"

struct deferred {
    struct deferred *next;
};

static struct deferred *deferred_blocks;

void *ac_nested_alloc(size_t size, unsigned shard, uint32_t me, bool wait)
{
    void *block = NULL;
    unsigned class = ac_class_of_size(size);
    struct ac_center *center = wait ? ac_center_get(shard, class, me) : ac_center_peek(shard, class);
    if (wait && center != NULL && ac_center_take(center, &block, 1, me, true) == 1)
        return block;
    if (!wait && center != NULL)
        block = ac_center_try_take(center, me);
    if (block != NULL)
        return block;
    return ac_large_alloc_small(size, me, !wait);
}

static void give_now(struct ac_span *span, void *block, uint32_t me)
{
    if (AC_UNLIKELY(ac_prof_may_have(block)))
        ac_prof_forget(block, me);
    if (span->kind == AC_SPAN_SMALL)
        ac_center_give(ac_center_peek(span->shard, span->class), &block, 1, me, false);
    else
        ac_large_free(span, block, me);
}

void ac_nested_free(struct ac_span *span, void *block, uint32_t me, bool wait)
{
    if (span->kind == AC_SPAN_SMALL)
        ac_center_check_block(span, block);
    else
        ac_large_check(span, block);
    if (wait) {
        give_now(span, block, me);
        return;
    }
    struct deferred *d = block;
    struct deferred *head = ac_load_rlx(&deferred_blocks);
    do
        d->next = head;                              /* D1 */
    while (!ac_cas_rel(&deferred_blocks, &head, d)); /* D2 */
}

void ac_nested_drain(uint32_t me)
{
    if (AC_LIKELY(ac_load_rlx(&deferred_blocks) == NULL))
        return;
    struct deferred *d = ac_swap_arl(&deferred_blocks, NULL); /* D3 */
    while (d != NULL) {
        struct deferred *next = d->next;
        struct ac_span *span = ac_entry_span(ac_pagemap_get(d));
        if (AC_UNLIKELY(span == NULL))
            ac_fault_raise(AC_FAULT_DOUBLE_FREE, d, 0, "its span is free");
        d->next = NULL;
        give_now(span, d, me);
        d = next;
    }
}

/* SPDX-License-Identifier: MIT */
#include "heap/show.h"

#include "core/addresses.h"
#include "core/pagemap.h"
#include "core/span.h"
#include "heap/outbox.h"
#include "os/os.h"

/* By any thread. A clock read at the first birth would make 64 KiB of libc resident in every program. */
static uint64_t last_look_ns;

static void show_outbox(struct ac_state_thread *row, const struct ac_outbox *outbox)
{
    uint16_t sums[AC_NCLASSES] = {0};
    for (unsigned i = 0; i < AC_OUTBOX_SLOTS; i++) {
        unsigned class = (unsigned)(outbox->slots[i].tag & 0xff) / AC_BIN_WORDS;
        sums[class] = (uint16_t)(sums[class] + ac_outbox_count(&outbox->slots[i]));
    }
    for (unsigned c = 1; c < AC_NCLASSES; c++)
        ac_store_rlx(&row->outbox[c], sums[c]);
}

static void show_counts(const struct ac_heap *heap, uint64_t now_ns)
{
    struct ac_state_thread *row = heap->row;
    ac_store_rlx(&row->refills, ac_load_rlx(&heap->refills));
    ac_store_rlx(&row->flushes, ac_load_rlx(&heap->flushes));
    ac_store_rlx(&row->remote_frees, ac_load_rlx(&heap->remote_frees));
    ac_store_rlx(&row->slow_paths, (uint64_t)ac_load_rlx(&heap->slow_paths));
    ac_store_rlx(&row->seen_ns, now_ns);
}

void ac_show_heap(struct ac_heap *heap)
{
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        if (heap->magazines[c].slots != NULL)
            ac_store_rlx(&heap->row->magazines[c], (uint16_t)ac_magazine_count_all(heap, c));
    }
    const struct ac_outbox *outbox = ac_load_acq(&heap->outbox);
    if (outbox != NULL)
        show_outbox(heap->row, outbox);
    heap->shown_ns = ac_os_now_ns();
    ac_store_rlx(&last_look_ns, heap->shown_ns);
    show_counts(heap, heap->shown_ns);
}

void ac_show_emptied(struct ac_heap *heap)
{
    for (unsigned c = 1; heap->outbox != NULL && c < AC_NCLASSES; c++)
        ac_store_rlx(&heap->row->outbox[c], (uint16_t)0);
    show_counts(heap, heap->shown_ns);
}

void ac_show_owner(struct ac_heap *heap, bool is_mine)
{
    struct ac_state_thread *row = heap->row;
    ac_store_rlx(&row->shard, (uint32_t)heap->shard);
    ac_store_rlx(&row->cache, (uint64_t)(uintptr_t)heap);
    ac_store_rlx(&row->born_ns, is_mine ? ac_load_rlx(&last_look_ns) : 0);
    ac_store_rlx(&row->tid, is_mine ? ac_os_thread_id() : 0);
}

void ac_show_all(struct ac_heap *first, uint32_t me)
{
    for (struct ac_heap *h = first; h != NULL; h = h->next_all) {
        if (!ac_lock_try(&h->lock, me))
            continue; /* it is on a slow path, and shows itself */
        ac_show_heap(h);
        ac_unlock(&h->lock);
    }
}

void ac_show_spans(void)
{
    const struct ac_chunk *last = NULL;
    uintptr_t addr = 0;
    uint64_t entry;
    for (; ac_pagemap_next(&addr, &entry); addr += AC_UNIT_BYTES) {
        const struct ac_span *span = ac_entry_span(entry);
        /* In hardened mode a large block does not begin where a unit does. */
        if (span == NULL || span->base - addr >= AC_UNIT_BYTES)
            continue;
        if (span->chunk != NULL && span->chunk != last)
            ac_addresses_show_whole_chunk(span->chunk);
        last = span->chunk;
        if (span->kind == AC_SPAN_SMALL)
            ac_addresses_show_handed(span);
        else if (span->kind == AC_SPAN_HUGE)
            ac_addresses_show_huge(span);
    }
}

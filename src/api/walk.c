/* SPDX-License-Identifier: MIT
 *
 * The public walkers over spans and blocks. The visitor sees a copy, with nothing locked.
 */
#include "report/walk.h"

#include "core/config.h"
#include "heap/thread.h"

#include <acre/acre.h>
#include <errno.h>

static int take(struct ac_walk_part **out_part)
{
    struct ac_heap *heap = ac_thread_heap();
    if (!ac_thread_mark(heap))
        return EBUSY;
    bool ok = ac_walk_take(out_part, heap != NULL ? heap->id : ac_thread_id_without_heap());
    ac_thread_unmark(heap);
    return ok ? 0 : ENOMEM;
}

/* In hardened mode a large block does not begin where its run does. */
static struct acre_span outside(const struct ac_walk_span *s)
{
    const void *address = (const void *)(s->base & ~(uintptr_t)(AC_UNIT_BYTES - 1));
    return (struct acre_span){address,    s->bytes, s->block_bytes, s->nblocks,     s->nlive,
                              s->ncached, s->nfree, s->shard,       s->purged_bytes};
}

static int visit_live(const struct ac_walk_span *s, int (*visit)(void *, const struct acre_block *),
                      void *context)
{
    int answer = 0;
    struct acre_span span = outside(s);
    for (unsigned i = 0; i * 64 < s->nblocks; i++) {
        for (uint64_t left = s->live[i]; answer == 0 && left != 0; left &= left - 1) {
            size_t index = i * 64u + (unsigned)__builtin_ctzll(left);
            struct acre_block block = {(const void *)(s->base + index * s->block_bytes), s->block_bytes,
                                       &span};
            answer = visit(context, &block);
        }
    }
    return answer;
}

int acre_visit_spans(int (*visit)(void *context, const struct acre_span *span), void *context)
{
    struct ac_walk_part *first;
    int answer = take(&first);
    if (answer != 0)
        return answer;
    for (const struct ac_walk_part *part = first; part != NULL; part = part->next) {
        for (size_t i = 0; answer == 0 && i < part->nspans; i++) {
            struct acre_span span = outside(part->spans[i]);
            answer = visit(context, &span);
        }
    }
    ac_walk_end(first);
    return answer;
}

int acre_visit_blocks(int (*visit)(void *context, const struct acre_block *block), void *context)
{
    struct ac_walk_part *first;
    int answer = take(&first);
    if (answer != 0)
        return answer;
    for (const struct ac_walk_part *part = first; part != NULL; part = part->next) {
        for (size_t i = 0; answer == 0 && i < part->nspans; i++)
            answer = visit_live(part->spans[i], visit, context);
    }
    ac_walk_end(first);
    return answer;
}

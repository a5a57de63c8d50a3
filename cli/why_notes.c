/* SPDX-License-Identifier: MIT
 *
 * why_notes.c -- beside each part of the tree: what it is made of and what would shrink it.
 *
 * A note names a command or an option only where it would do something now.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "why.h"

/* Below this a part is not worth a word of advice. */
static const uint64_t notable_bytes = 64 * 1024;

static struct ac_why_class class_of(const struct ac_state_class *row)
{
    uint64_t handed_out = row->live_objects + row->cached_objects + row->free_objects;
    return (struct ac_why_class){row->size_bytes,
                                 row->nspans,
                                 row->live_objects * row->size_bytes,
                                 row->cached_objects * row->size_bytes,
                                 row->free_objects * row->size_bytes,
                                 ac_percent((int64_t)row->live_objects, handed_out)};
}

static uint64_t rank(const struct ac_why_class *class, enum ac_why_order order)
{
    switch (order) {
    case AC_WHY_BY_LIVE:
        return class->live_bytes;
    case AC_WHY_BY_FREE:
        return class->free_bytes;
    default:
        return class->live_bytes + class->cached_bytes + class->free_bytes;
    }
}

size_t ac_why_classes(const struct ac_snapshot *counters, enum ac_why_order order, struct ac_why_class *out,
                      size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < AC_STATE_MAX_CLASSES; i++) {
        struct ac_why_class class = class_of(&counters->classes[i]);
        size_t at = n;
        if (rank(&class, order) == 0)
            continue;
        while (at > 0 && rank(&out[at - 1], order) < rank(&class, order))
            at--;
        if (at == max)
            continue;
        n += n < max;
        memmove(&out[at + 1], &out[at], (n - at - 1) * sizeof(out[0]));
        out[at] = class;
    }
    return n;
}

uint64_t ac_why_trimmable_bytes(const struct ac_why *why)
{
    int64_t bytes = why->identity.parts[AC_PART_free_pages];
    return bytes > 0 ? (uint64_t)bytes : 0;
}

struct note {
    const struct ac_why *why;
    int64_t bytes; /* of the part */
    char *out;
    size_t out_bytes;
};

static bool can_act(const struct note *n)
{
    return n->why->moment == AC_WHY_NOW && n->bytes >= (int64_t)notable_bytes;
}

static void note_live(const struct note *n)
{
    struct ac_why_class top[1];
    char count[AC_TEXT_BYTES];
    char bytes[3][AC_TEXT_BYTES];
    const struct ac_identity *id = &n->why->identity;
    size_t used =
        (size_t)snprintf(n->out, n->out_bytes, "%s blocks", ac_format_count(id->live_objects, count));
    if (ac_why_classes(&n->why->counters, AC_WHY_BY_LIVE, top, 1) == 1 &&
        top[0].live_bytes > id->live_bytes / 4)
        used += (size_t)snprintf(n->out + used, n->out_bytes - used, "; %.0f %% in class %" PRIu32 " B",
                                 ac_percent((int64_t)top[0].live_bytes, id->live_bytes), top[0].size_bytes);
    if (id->rounding_max_bytes > id->live_bytes / 100)
        used += (size_t)snprintf(n->out + used, n->out_bytes - used, "; at most %s of it rounding up",
                                 ac_format_bytes((int64_t)id->rounding_max_bytes, bytes[0]));
    if (id->large_untouched_bytes > id->live_bytes / 100)
        snprintf(n->out + used, n->out_bytes - used, "; %s more never touched",
                 ac_format_bytes((int64_t)id->large_untouched_bytes, bytes[1]));
}

static void note_span_free(const struct note *n)
{
    struct ac_why_class top[1];
    char bytes[AC_TEXT_BYTES];
    if (ac_why_classes(&n->why->counters, AC_WHY_BY_FREE, top, 1) == 1)
        snprintf(n->out, n->out_bytes, "beside live ones; class %" PRIu32 " B: %s, %.0f %% full%s",
                 top[0].size_bytes, ac_format_bytes((int64_t)top[0].free_bytes, bytes), top[0].full_percent,
                 can_act(n) ? "; acre trim frees whole pages" : "");
    else
        snprintf(n->out, n->out_bytes, "beside live ones");
}

static void note_span_ends(const struct note *n)
{
    snprintf(n->out, n->out_bytes, "the rest of the last page that blocks of a span reach into");
}

static void note_untouched(const struct note *n)
{
    snprintf(n->out, n->out_bytes, "pages of the blocks above that nobody has written to");
}

static void note_caches(const struct note *n)
{
    char idle[64] = "";
    char act[48] = "";
    const struct ac_why *why = n->why;
    if (why->idle_threads > 0)
        snprintf(idle, sizeof(idle), ", %" PRIu64 " idle for over 60 s", why->idle_threads);
    if (can_act(n))
        snprintf(act, sizeof(act), "; acre trim %d empties them", (int)why->pid);
    snprintf(n->out, n->out_bytes, "%" PRIu64 " thread%s%s%s", why->nthreads, why->nthreads == 1 ? "" : "s",
             idle, act);
}

static void note_free_pages(const struct note *n)
{
    char bytes[AC_TEXT_BYTES];
    if (can_act(n))
        snprintf(n->out, n->out_bytes, "kept for re-use; acre trim %d would free %s", (int)n->why->pid,
                 ac_format_bytes((int64_t)ac_why_trimmable_bytes(n->why), bytes));
    else
        snprintf(n->out, n->out_bytes, "kept for re-use");
}

static void note_huge_tails(const struct note *n)
{
    snprintf(n->out, n->out_bytes, "clean pages that huge pages brought along%s",
             n->bytes >= (int64_t)notable_bytes ? "; ACRE_CONF=huge_from=128T asks for none" : "");
}

static void note_metadata(const struct note *n)
{
    snprintf(n->out, n->out_bytes, "records, page map, state segment, library");
}

static void note_outside(const struct note *n, enum ac_vma_kind kind, const char *plain)
{
    char bytes[AC_TEXT_BYTES];
    char name[AC_VMA_NAME_BYTES];
    const struct ac_outside *outside = &n->why->identity.outside[kind];
    const char *base = strrchr(outside->biggest_name, '/');
    ac_format_safely(base ? base + 1 : outside->biggest_name, name, sizeof(name));
    if (outside->count > 1)
        snprintf(n->out, n->out_bytes, "%s; %" PRIu64 " mappings, the biggest %s%s%s", plain, outside->count,
                 ac_format_bytes((int64_t)outside->biggest_bytes, bytes), name[0] != '\0' ? " " : "", name);
    else
        snprintf(n->out, n->out_bytes, "%s", plain);
}

static void note_unexplained(const struct note *n)
{
    char bytes[AC_TEXT_BYTES];
    const struct ac_identity *id = &n->why->identity;
    if (!id->walked)
        snprintf(n->out, n->out_bytes, "not the heap's, or live and never touched: nothing to look at");
    else if (id->foreign_bytes > notable_bytes)
        snprintf(n->out, n->out_bytes, "%s of it beside acre's in mappings of acre's",
                 ac_format_bytes((int64_t)id->foreign_bytes, bytes));
    else
        n->out[0] = '\0';
}

void ac_why_note(const struct ac_why *why, enum ac_part part, char *out, size_t out_bytes)
{
    struct note n = {why, why->identity.parts[part], out, out_bytes};
    out[0] = '\0';
    switch (part) {
    case AC_PART_live:
        return note_live(&n);
    case AC_PART_span_free:
        return note_span_free(&n);
    case AC_PART_span_ends:
        return note_span_ends(&n);
    case AC_PART_untouched:
        return note_untouched(&n);
    case AC_PART_caches:
        return note_caches(&n);
    case AC_PART_free_pages:
        return note_free_pages(&n);
    case AC_PART_huge_tails:
        return note_huge_tails(&n);
    case AC_PART_metadata:
        return note_metadata(&n);
    case AC_PART_files:
        return note_outside(&n, AC_VMA_FILE, "not the heap");
    case AC_PART_stacks:
        return note_outside(&n, AC_VMA_STACK, "not the heap");
    case AC_PART_brk:
        return note_outside(&n, AC_VMA_BRK, "not the heap: libc's malloc, before acre");
    case AC_PART_shared:
        return note_outside(&n, AC_VMA_SHARED, "not the heap");
    case AC_PART_other:
        return note_outside(&n, AC_VMA_ANON, "not the heap: mapped by the program itself");
    default:
        return note_unexplained(&n);
    }
}

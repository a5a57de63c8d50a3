/* SPDX-License-Identifier: MIT
 *
 * plan.c -- the mix of operations, sizes and alignments; see plan.h.
 */
#include "plan.h"

#include <stdio.h>

/* Shares in 1000 of each kind. Allocations and frees are near balance, so that about half of the slots are
 * taken. */
static const unsigned usual_shares[OP_KINDS] = {
    [OP_MALLOC] = 280,  [OP_CALLOC] = 70,      [OP_ALIGNED_ALLOC] = 25, [OP_POSIX_MEMALIGN] = 15,
    [OP_MEMALIGN] = 10, [OP_REALLOC] = 110,    [OP_REALLOCARRAY] = 20,  [OP_REALLOC_USABLE] = 10,
    [OP_FREE] = 250,    [OP_FREE_SIZED] = 100, [OP_USABLE_SIZE] = 30,   [OP_GIVE] = 39,
    [OP_TAKE] = 39,     [OP_REFUSED] = 2,      [OP_TRIM] = 0,           [OP_FORK] = 0,
};

/* Of the rough mix: blocks live through chains of reallocs. */
static const unsigned rough_shares[OP_KINDS] = {
    [OP_MALLOC] = 120,  [OP_CALLOC] = 40,     [OP_ALIGNED_ALLOC] = 90, [OP_POSIX_MEMALIGN] = 30,
    [OP_MEMALIGN] = 30, [OP_REALLOC] = 400,   [OP_REALLOCARRAY] = 20,  [OP_REALLOC_USABLE] = 10,
    [OP_FREE] = 80,     [OP_FREE_SIZED] = 60, [OP_USABLE_SIZE] = 10,   [OP_GIVE] = 25,
    [OP_TAKE] = 25,     [OP_HEM_IN] = 60,
};

enum { TRIM_EVERY = 1 << 14, FORK_EVERY = 1 << 16 };

uint64_t plan_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static enum op_kind random_kind(uint64_t random, const unsigned *shares)
{
    if (random % TRIM_EVERY == 0)
        return OP_TRIM;
    if (random % FORK_EVERY == 1)
        return OP_FORK;
    unsigned place = (unsigned)(random >> 32) % 1000;
    for (unsigned kind = 0; kind < OP_KINDS; kind++) {
        if (place < shares[kind])
            return (enum op_kind)kind;
        place -= shares[kind];
    }
    return OP_USABLE_SIZE;
}

/* Uniform in the logarithm from 0 to 2^max_bits. */
static size_t log_uniform(uint64_t *state, unsigned max_bits)
{
    unsigned bits = (unsigned)(plan_random(state) % (max_bits + 1));
    size_t size = (size_t)1 << bits;
    return size - 1 + plan_random(state) % (size + 1);
}

/* Sizes where an allocator changes its mind: multiples of 16, eighths of a doubling, pages, a byte around
 * each. */
static size_t boundary(uint64_t *state)
{
    uint64_t random = plan_random(state);
    size_t base;
    if (random & 1)
        base = 16 * ((random >> 8) % 64 + 1);
    else if (random & 2)
        base = (size_t)(8 + (random >> 8) % 8) << ((random >> 16) % 13);
    else
        base = 4096 * ((random >> 8) % 32 + 1);
    return base - 1 + (random >> 32) % 3;
}

static size_t random_size(uint64_t *state)
{
    unsigned place = (unsigned)(plan_random(state) % 1000);
    if (place < 600)
        return log_uniform(state, 10);
    if (place < 800)
        return boundary(state);
    if (place < 960)
        return log_uniform(state, 15);
    if (place < 990)
        return log_uniform(state, 19);
    return log_uniform(state, 22) % (((size_t)4 << 20) + 1);
}

/* Around the ends of the kinds: small to 32 KiB, large to 1 MiB, huge beyond. */
static size_t rough_size(uint64_t *state)
{
    uint64_t random = plan_random(state);
    size_t edge = (size_t)(random & 1 ? 32 : 1024) << 10;
    unsigned place = (unsigned)(random >> 8) % 100;
    if (place < 15)
        return log_uniform(state, 14);
    if (place < 35)
        return edge - 8192 + plan_random(state) % 16384;
    if (place < 60)
        return log_uniform(state, 19);
    return plan_random(state) % ((size_t)1 << (20 + (random >> 32) % 4));
}

static size_t random_alignment(uint64_t *state, bool rough)
{
    uint64_t random = plan_random(state);
    unsigned most_bits = rough ? 23 : random % 64 == 0 ? 21 : random % 8 == 0 ? 16 : 12;
    return (size_t)1 << ((random >> 32) % (most_bits + 1));
}

/* count * size comes near a size of the usual kind. */
static void split_into_elements(uint64_t *state, struct op *op)
{
    static const size_t elements[] = {1, 1, 2, 3, 7, 8, 24, 100};
    op->count = elements[plan_random(state) % (sizeof(elements) / sizeof(elements[0]))];
    op->size /= op->count;
}

struct op plan_op(const struct plan *plan, unsigned thread, uint64_t index)
{
    uint64_t state =
        plan->seed * 0xd1342543de82ef95u + ((uint64_t)thread << 56) + index * 0x2545f4914f6cdd1du;
    plan_random(&state);
    const unsigned *shares = plan->rough ? rough_shares : usual_shares;
    struct op op = {.kind = random_kind(plan_random(&state), shares), .count = 1};
    op.slot = (uint32_t)(plan_random(&state) % plan->nslots);
    op.dice = (uint32_t)plan_random(&state);
    op.size = plan->rough ? rough_size(&state) : random_size(&state);
    op.alignment = random_alignment(&state, plan->rough);
    if (op.kind == OP_POSIX_MEMALIGN && op.alignment < sizeof(void *))
        op.alignment = sizeof(void *);
    if (op.kind == OP_CALLOC || op.kind == OP_REALLOCARRAY)
        split_into_elements(&state, &op);
    return op;
}

void plan_describe(struct op op, char *out_text, size_t text_bytes)
{
    static const char *const names[OP_KINDS] = {
        [OP_MALLOC] = "malloc",
        [OP_CALLOC] = "calloc",
        [OP_ALIGNED_ALLOC] = "aligned_alloc",
        [OP_POSIX_MEMALIGN] = "posix_memalign",
        [OP_MEMALIGN] = "memalign",
        [OP_REALLOC] = "realloc",
        [OP_REALLOCARRAY] = "reallocarray",
        [OP_REALLOC_USABLE] = "realloc to the usable size of",
        [OP_FREE] = "free",
        [OP_FREE_SIZED] = "free_sized or free_aligned_sized",
        [OP_USABLE_SIZE] = "malloc_usable_size",
        [OP_GIVE] = "give to a thread:",
        [OP_TAKE] = "take from a thread:",
        [OP_REFUSED] = "impossible request with",
        [OP_TRIM] = "malloc_trim",
        [OP_HEM_IN] = "a page without access behind",
        [OP_FORK] = "fork with",
    };
    const char *name = names[op.kind];
    switch (op.kind) {
    case OP_MALLOC:
        snprintf(out_text, text_bytes, "slot[%u] = %s(%zu)", op.slot, name, op.size);
        break;
    case OP_CALLOC:
        snprintf(out_text, text_bytes, "slot[%u] = %s(%zu, %zu)", op.slot, name, op.count, op.size);
        break;
    case OP_ALIGNED_ALLOC:
    case OP_POSIX_MEMALIGN:
    case OP_MEMALIGN:
        snprintf(out_text, text_bytes, "slot[%u] = %s(%zu, %zu)", op.slot, name, op.alignment, op.size);
        break;
    case OP_REALLOC:
        snprintf(out_text, text_bytes, "slot[%u] = %s(slot[%u], %zu)", op.slot, name, op.slot, op.size);
        break;
    case OP_REALLOCARRAY:
        snprintf(out_text, text_bytes, "slot[%u] = %s(slot[%u], %zu, %zu)", op.slot, name, op.slot, op.count,
                 op.size);
        break;
    default:
        snprintf(out_text, text_bytes, "%s slot[%u]", name, op.slot);
    }
}

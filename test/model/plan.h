/* SPDX-License-Identifier: MIT
 *
 * plan.h -- what a run does: operation number i of thread t, as a pure function of the seed.
 *
 * An operation names a slot, not a block, and every one makes sense whatever the slot holds. So any subset
 * of a run is a run, which is what the shrinker needs.
 */
#ifndef AC_TEST_MODEL_PLAN_H
#define AC_TEST_MODEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op_kind {
    OP_MALLOC,
    OP_CALLOC,
    OP_ALIGNED_ALLOC,
    OP_POSIX_MEMALIGN,
    OP_MEMALIGN,
    OP_REALLOC,
    OP_REALLOCARRAY,
    OP_REALLOC_USABLE, /* to the usable size it has: must not move */
    OP_FREE,
    OP_FREE_SIZED,
    OP_USABLE_SIZE,
    OP_GIVE,    /* hand the slot's block to another thread */
    OP_TAKE,    /* put a block that was given to this thread into the slot */
    OP_REFUSED, /* ask for something that cannot be had */
    OP_TRIM,
    OP_HEM_IN, /* map a page without access behind the slot's block, where nothing is */
    OP_FORK,   /* a child works on with the blocks of the thread, and ends */
    OP_KINDS
};

struct op {
    enum op_kind kind;
    uint32_t slot;
    uint32_t dice; /* random bits for choices inside the operation */
    size_t count;  /* OP_CALLOC, OP_REALLOCARRAY: elements; else 1 */
    size_t size;   /* bytes, of one element where there are several */
    size_t alignment;
};

struct plan {
    uint64_t seed;
    unsigned nthreads;
    uint32_t nslots; /* of one thread */
    bool rough;      /* mostly long and over-aligned blocks, resized between all kinds */
};

struct op plan_op(const struct plan *plan, unsigned thread, uint64_t index);

/* One line of C for a reader, e.g. `slot[3] = calloc(10, 96)`. */
void plan_describe(struct op op, char *out_text, size_t text_bytes);

/* The next number of a splitmix64 sequence. */
uint64_t plan_random(uint64_t *state);

#endif

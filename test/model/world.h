/* SPDX-License-Identifier: MIT
 *
 * world.h -- the shadow heap of one run: what every live block must look like, and how a failure is reported.
 *
 * All of it lies in mappings of its own. A failure ends the process at once with one message left in the
 * outcome, which the supervising process shares.
 */
#ifndef AC_TEST_MODEL_WORLD_H
#define AC_TEST_MODEL_WORLD_H

#include "plan.h"
#include "subject.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { THREADS_MAX = 16, MAILBOX_BLOCKS = 128, MESSAGE_BYTES = 500, OBSTACLES = 16 };

enum origin { ORIGIN_PLAIN, ORIGIN_ALIGNED_ALLOC, ORIGIN_MEMALIGN };

struct block {
    unsigned char *start; /* NULL: the slot is empty */
    size_t size;          /* as requested */
    size_t usable;
    size_t alignment; /* as requested; 16 for the plain functions */
    uint64_t id;      /* (index + 1) * THREADS_MAX + thread of the operation that made it */
    enum origin origin;
    bool whole; /* filled from end to end, not just at both ends */
};

/* Blocks on their way to a thread. */
struct mailbox {
    pthread_mutex_t lock;
    unsigned nblocks;
    struct block blocks[MAILBOX_BLOCKS];
};

/* Shared with the supervisor. */
struct outcome {
    int failed;
    unsigned thread;
    char message[MESSAGE_BYTES];
    uint64_t progress[THREADS_MAX]; /* the operation each thread is at, or was last */
    uint64_t done[OP_KINDS];        /* operations carried out, set at the end */
};

struct world {
    struct plan plan;
    const struct subject *subject;
    struct outcome *outcome;
    uint64_t verify_every; /* steps of a thread between two looks at the allocator's own books; 0: none */
    struct block *slots;   /* plan.nthreads times plan.nslots */
    struct mailbox mailboxes[THREADS_MAX];
};

/* One thread at work on the world. */
struct worker {
    struct world *world;
    unsigned thread;
    uint64_t index; /* of the operation at hand */
    uint64_t done[OP_KINDS];
    void *obstacles[OBSTACLES]; /* pages without access in the way of blocks that grow */
};

/* A world in a mapping of its own, with empty slots. */
struct world *world_create(const struct plan *plan, const struct subject *subject, struct outcome *outcome);

struct block *world_slot(struct world *world, unsigned thread, uint32_t slot);

/* Report that the operation at hand went wrong and end the process. */
void world_fail(const struct worker *worker, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* The same, for a forked child: what it has said of itself stands. */
void world_child_failed(const struct worker *worker, int status) __attribute__((noreturn));

/* Take a block the subject returned into the books: check it, claim it, fill it. `zeroed`: all of it must
 * be 0. `dice` decides whether a bigger block is filled whole. */
struct block world_adopt(const struct worker *worker, struct block block, bool zeroed, uint32_t dice);

/* The block still holds its bytes. The second looks at the first `bytes` only, of a block that may have
 * moved. */
void world_verify(const struct worker *worker, const struct block *block);
void world_verify_prefix(const struct worker *worker, const struct block *block, size_t bytes);

/* Take a block out of the books: it is about to be freed or moved. */
void world_release(const struct worker *worker, const struct block *block);

/* Verify all blocks of a thread's slots; all blocks there are. */
void world_verify_slots(const struct worker *worker);
void world_verify_all(const struct worker *worker);

/* The allocator's own books hold, as far as it can say. */
void world_verify_books(const struct worker *worker);

#endif

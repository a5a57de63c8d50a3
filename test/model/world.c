/* SPDX-License-Identifier: MIT
 *
 * world.c -- the checks of every block; see world.h.
 */
#include "world.h"

#include "claims.h"
#include "pattern.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    MIN_ALIGNMENT = 16,
    END_BYTES = 64,      /* filled and checked at either end of every block */
    SMALL_BYTES = 1024,  /* blocks to this size are filled whole */
    MEDIUM_BYTES = 65536 /* one in 8 to this size is, one in 64 beyond */
};

#ifndef WORLD_END /* a fuzzer wants to see how it ends */
#define WORLD_END(message) _exit(1)
#endif

struct world *world_create(const struct plan *plan, const struct subject *subject, struct outcome *outcome)
{
    size_t slot_bytes = (size_t)plan->nthreads * plan->nslots * sizeof(struct block);
    char *memory = mmap(NULL, sizeof(struct world) + slot_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("model: cannot map the shadow heap; run it with fewer --slots");
        exit(2);
    }
    struct world *world = (struct world *)(void *)memory;
    world->plan = *plan;
    world->subject = subject;
    world->outcome = outcome;
    world->slots = (struct block *)(void *)(memory + sizeof(struct world));
    for (unsigned i = 0; i < THREADS_MAX; i++)
        pthread_mutex_init(&world->mailboxes[i].lock, NULL);
    return world;
}

struct block *world_slot(struct world *world, unsigned thread, uint32_t slot)
{
    return &world->slots[(size_t)thread * world->plan.nslots + slot];
}

/* Only the first failure counts; a second thread that fails waits for the end the first one makes. */
void world_fail(const struct worker *worker, const char *format, ...)
{
    struct outcome *outcome = worker->world->outcome;
    if (__atomic_exchange_n(&outcome->failed, 1, __ATOMIC_ACQ_REL))
        for (;;)
            pause();
    outcome->thread = worker->thread;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(outcome->message, sizeof(outcome->message), format, arguments);
    va_end(arguments);
    WORLD_END(outcome->message);
}

void world_child_failed(const struct worker *worker, int status)
{
    struct outcome *outcome = worker->world->outcome;
    if (__atomic_load_n(&outcome->failed, __ATOMIC_ACQUIRE))
        WORLD_END(outcome->message);
    world_fail(worker, "a forked child ended with status %#x", (unsigned)status);
}

/* The live block that shares bytes with [start, start + bytes), or NULL. Other threads are not stopped for
 * this. */
static const struct block *find_overlap(struct world *world, const unsigned char *start, size_t bytes)
{
    size_t n = (size_t)world->plan.nthreads * world->plan.nslots;
    for (size_t i = 0; i < n; i++) {
        const struct block *other = &world->slots[i];
        if (other->start && other->start < start + bytes && start < other->start + other->usable)
            return other;
    }
    return NULL;
}

static void fail_overlap(const struct worker *worker, const struct block *block)
{
    const struct block *other = find_overlap(worker->world, block->start, block->usable);
    if (!other)
        world_fail(worker, "block %p of %zu usable bytes overlaps a live block or lies beyond user addresses",
                   (void *)block->start, block->usable);
    world_fail(worker, "block %p of %zu usable bytes overlaps the live block %p of %zu usable bytes",
               (void *)block->start, block->usable, (void *)other->start, other->usable);
}

static bool fill_whole(size_t usable, uint32_t dice)
{
    return usable <= SMALL_BYTES || dice % (usable <= MEDIUM_BYTES ? 8 : 64) == 0;
}

static size_t tail_start(const struct block *block)
{
    return block->usable > END_BYTES ? (block->usable - END_BYTES) & ~(size_t)7 : 0;
}

static void fill(const struct block *block)
{
    if (block->whole) {
        pattern_write(block->start, block->id, 0, block->usable);
        return;
    }
    pattern_write(block->start, block->id, 0, END_BYTES);
    pattern_write(block->start, block->id, tail_start(block), block->usable);
}

struct block world_adopt(const struct worker *worker, struct block block, bool zeroed, uint32_t dice)
{
    if (!block.start)
        world_fail(worker, "returned NULL with errno %d", errno);
    if (worker->world->subject->strict && errno != 0)
        world_fail(worker, "succeeded and changed errno to %d", errno);
    size_t alignment = block.alignment > MIN_ALIGNMENT ? block.alignment : MIN_ALIGNMENT;
    if (((uintptr_t)block.start & (alignment - 1)) != 0)
        world_fail(worker, "block %p is not aligned to %zu", (void *)block.start, alignment);
    block.usable = worker->world->subject->usable_size(block.start);
    if (block.usable < block.size || block.usable == 0)
        world_fail(worker, "usable size %zu of a block of %zu bytes", block.usable, block.size);
    if (!claims_add(block.start, block.usable))
        fail_overlap(worker, &block);
    size_t nonzero = zeroed ? pattern_nonzero(block.start, block.usable) : block.usable;
    if (nonzero < block.usable)
        world_fail(worker, "byte %zu of %zu usable ones is %#x, not zero", nonzero, block.usable,
                   block.start[nonzero]);
    block.id = (worker->index + 1) * THREADS_MAX + worker->thread;
    block.whole = fill_whole(block.usable, dice);
    fill(&block);
    return block;
}

static void verify_range(const struct worker *worker, const struct block *block, size_t from, size_t to)
{
    if (from >= to)
        return;
    size_t offset = pattern_mismatch(block->start, block->id, from, to);
    if (offset == to)
        return;
    world_fail(worker,
               "byte %zu of the block %p has changed, to %#x (%zu bytes requested, %zu usable, "
               "made by step %u:%llu)",
               offset, (void *)block->start, block->start[offset], block->size, block->usable,
               (unsigned)(block->id % THREADS_MAX), (unsigned long long)(block->id / THREADS_MAX - 1));
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void world_verify_prefix(const struct worker *worker, const struct block *block, size_t bytes)
{
    if (block->whole) {
        verify_range(worker, block, 0, bytes);
        return;
    }
    verify_range(worker, block, 0, least(END_BYTES, bytes));
    verify_range(worker, block, tail_start(block), bytes);
}

void world_verify(const struct worker *worker, const struct block *block)
{
    world_verify_prefix(worker, block, block->usable);
}

void world_release(const struct worker *worker, const struct block *block)
{
    world_verify(worker, block);
    size_t usable = worker->world->subject->usable_size(block->start);
    if (usable != block->usable)
        world_fail(worker, "usable size of block %p was %zu and is now %zu", (void *)block->start,
                   block->usable, usable);
    if (!claims_remove(block->start, block->usable))
        world_fail(worker, "the books are damaged at block %p", (void *)block->start);
}

void world_verify_slots(const struct worker *worker)
{
    for (uint32_t i = 0; i < worker->world->plan.nslots; i++) {
        const struct block *block = world_slot(worker->world, worker->thread, i);
        if (block->start)
            world_verify(worker, block);
    }
}

void world_verify_all(const struct worker *worker)
{
    struct worker each = *worker;
    for (each.thread = 0; each.thread < worker->world->plan.nthreads; each.thread++) {
        world_verify_slots(&each);
        const struct mailbox *mailbox = &worker->world->mailboxes[each.thread];
        for (unsigned i = 0; i < mailbox->nblocks; i++)
            world_verify(&each, &mailbox->blocks[i]);
    }
}

void world_verify_books(const struct worker *worker)
{
    char text[200] = "";
    const struct subject *subject = worker->world->subject;
    size_t nbreaches = subject->verify ? subject->verify(text, sizeof(text)) : 0;
    if (nbreaches != 0)
        world_fail(worker, "%zu invariants do not hold: %s", nbreaches, text);
}

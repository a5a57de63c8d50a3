/* SPDX-License-Identifier: MIT
 *
 * perform.c -- one function for each kind of operation; see perform.h.
 *
 * errno is 0 before every call of the subject, so that a call which touches it is seen.
 */
#include "perform.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ERRNO_MARK = 4095,
    VERIFY_EVERY = 1 << 15,
    KEEP_MAX_BYTES = 1 << 16,
    CHILD_OPS = 200,
    CHILD_SECONDS = 120
};

static void perform_kind(struct worker *worker, struct op op, struct block *slot);

static const struct subject *subject_of(const struct worker *worker)
{
    return worker->world->subject;
}

/* Free a block that is out of the books, by the function `sized` and its origin call for. */
static void free_block(const struct worker *worker, const struct block *block, bool sized)
{
    const struct subject *subject = subject_of(worker);
    errno = ERRNO_MARK;
    if (sized && block->origin == ORIGIN_PLAIN && subject->free_sized)
        subject->free_sized(block->start, block->size);
    else if (sized && block->origin == ORIGIN_ALIGNED_ALLOC && subject->free_aligned_sized)
        subject->free_aligned_sized(block->start, block->alignment, block->size);
    else
        subject->free(block->start);
    if (errno != ERRNO_MARK)
        world_fail(worker, "free changed errno to %d", errno);
}

static void discard(const struct worker *worker, struct block *slot, bool sized)
{
    if (!slot->start)
        return;
    struct block block = *slot;
    slot->start = NULL;
    world_release(worker, &block);
    free_block(worker, &block, sized);
}

static void allocate(const struct worker *worker, struct op op, struct block *slot)
{
    const struct subject *subject = subject_of(worker);
    discard(worker, slot, op.dice & 1);
    struct block block = {.size = op.count * op.size, .alignment = 1};
    errno = 0;
    if (op.kind == OP_MALLOC)
        block.start = subject->malloc(block.size);
    else
        block.start = subject->calloc(op.count, op.size);
    *slot = world_adopt(worker, block, op.kind == OP_CALLOC, op.dice >> 1);
}

static void allocate_aligned(const struct worker *worker, struct op op, struct block *slot)
{
    const struct subject *subject = subject_of(worker);
    discard(worker, slot, op.dice & 1);
    struct block block = {.size = op.size, .alignment = op.alignment, .origin = ORIGIN_MEMALIGN};
    void *start = NULL;
    errno = 0;
    if (op.kind == OP_POSIX_MEMALIGN) {
        int error = subject->posix_memalign(&start, op.alignment, op.size);
        if (error != 0)
            world_fail(worker, "posix_memalign returned %d", error);
    } else if (op.kind == OP_MEMALIGN && subject->memalign) {
        start = subject->memalign(op.alignment, op.size);
    } else {
        start = subject->aligned_alloc(op.alignment, op.size);
        block.origin = ORIGIN_ALIGNED_ALLOC;
    }
    block.start = start;
    *slot = world_adopt(worker, block, false, op.dice >> 1);
}

static void *call_realloc(const struct subject *subject, struct op op, void *start)
{
    errno = 0;
    if (op.kind == OP_REALLOCARRAY)
        return subject->reallocarray(start, op.count, op.size);
    return subject->realloc(start, op.size);
}

/* The books let go of the old block first: once realloc has freed it, another thread may own its bytes. */
static void reallocate(const struct worker *worker, struct op op, struct block *slot)
{
    struct block old = *slot;
    if (op.kind == OP_REALLOC_USABLE && old.start)
        op.size = old.usable;
    size_t size = op.count * op.size;
    slot->start = NULL;
    if (old.start)
        world_release(worker, &old);
    void *start = call_realloc(subject_of(worker), op, old.start);
    if (old.start && size == 0) {
        if (start || errno != 0)
            world_fail(worker, "realloc of a block to size 0 returned %p, errno %d", start, errno);
        return;
    }
    if (op.kind == OP_REALLOC_USABLE && old.start && start != old.start)
        world_fail(worker, "realloc to the usable size %zu moved the block from %p to %p", size,
                   (void *)old.start, start);
    if (!start)
        world_fail(worker, "realloc to %zu bytes returned NULL, errno %d", size, errno);
    struct block block = {.start = start, .size = size, .alignment = 1};
    if (old.start) {
        old.start = start;
        world_verify_prefix(worker, &old, old.size < size ? old.size : size);
    }
    *slot = world_adopt(worker, block, false, op.dice >> 8);
}

static void ask_usable_size(const struct worker *worker, const struct block *slot)
{
    if (!slot->start)
        return;
    world_verify(worker, slot);
    size_t usable = subject_of(worker)->usable_size(slot->start);
    if (usable != slot->usable)
        world_fail(worker, "usable size was %zu and is now %zu", slot->usable, usable);
}

static void give(const struct worker *worker, struct op op, struct block *slot)
{
    unsigned nthreads = worker->world->plan.nthreads;
    struct mailbox *mailbox = &worker->world->mailboxes[(worker->thread + 1 + op.dice % nthreads) % nthreads];
    pthread_mutex_lock(&mailbox->lock);
    if (slot->start && mailbox->nblocks < MAILBOX_BLOCKS) {
        mailbox->blocks[mailbox->nblocks++] = *slot;
        slot->start = NULL;
    }
    pthread_mutex_unlock(&mailbox->lock);
}

static void take(const struct worker *worker, struct op op, struct block *slot)
{
    struct mailbox *mailbox = &worker->world->mailboxes[worker->thread];
    discard(worker, slot, op.dice & 1);
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->nblocks > 0)
        *slot = mailbox->blocks[--mailbox->nblocks];
    pthread_mutex_unlock(&mailbox->lock);
}

static void must_refuse(const struct worker *worker, const char *what, const void *result, int error)
{
    if (result || errno != error)
        world_fail(worker, "%s gave %p with errno %d instead of NULL with errno %d", what, result, errno,
                   error);
    errno = 0;
}

/* Requests beyond all memory: refused with the right errno, and the block in the slot stays as it is. */
static void ask_too_much(const struct worker *worker, struct op op, const struct block *slot)
{
    const struct subject *subject = subject_of(worker);
    size_t huge = (size_t)PTRDIFF_MAX + 1 + op.size;
    size_t half = SIZE_MAX / 2 + 1 - op.dice % 2;
    void *start = &op;
    errno = 0;
    must_refuse(worker, "malloc", subject->malloc(huge), ENOMEM);
    must_refuse(worker, "malloc", subject->malloc(SIZE_MAX - op.size % 8192), ENOMEM);
    must_refuse(worker, "calloc", subject->calloc(half, 3), ENOMEM);
    must_refuse(worker, "aligned_alloc", subject->aligned_alloc(op.alignment, huge), ENOMEM);
    if (slot->start) {
        must_refuse(worker, "realloc", subject->realloc(slot->start, huge), ENOMEM);
        must_refuse(worker, "reallocarray", subject->reallocarray(slot->start, half, 4), ENOMEM);
        world_verify(worker, slot);
    }
    if (subject->posix_memalign(&start, sizeof(void *), huge) != ENOMEM || start != &op)
        world_fail(worker, "posix_memalign of too much did not return ENOMEM or wrote its result");
    if (subject->posix_memalign(&start, op.alignment * 3, op.size) != EINVAL || start != &op)
        world_fail(worker, "posix_memalign with alignment %zu did not return EINVAL", op.alignment * 3);
    errno = 0;
    if (subject->strict)
        must_refuse(worker, "aligned_alloc", subject->aligned_alloc(op.alignment * 3, op.size), EINVAL);
}

/* Only this thread's blocks: the others' may be in the middle of anything. */
static void work_in_child(struct worker *worker)
{
    alarm(CHILD_SECONDS);
    world_verify_slots(worker);
    for (unsigned i = 0; i < CHILD_OPS; i++) {
        worker->index++;
        struct op op = plan_op(&worker->world->plan, worker->thread, worker->index);
        if (op.kind == OP_GIVE || op.kind == OP_TAKE || op.kind == OP_FORK)
            op.kind = OP_MALLOC;
        perform_kind(worker, op, world_slot(worker->world, worker->thread, op.slot));
    }
    world_verify_slots(worker);
    world_verify_books(worker);
    _exit(0);
}

static void fork_child(struct worker *worker)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        work_in_child(worker);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        world_child_failed(worker, status);
}

/* A page of somebody else's behind the block, or behind its mapping; those mapped before go again. */
static void hem_in(struct worker *worker, struct op op, const struct block *slot)
{
    enum { PAGE = 65536 };
    void **obstacle = &worker->obstacles[op.dice % OBSTACLES];
    uintptr_t end = (uintptr_t)slot->start + slot->usable;
    if (*obstacle)
        munmap(*obstacle, PAGE);
    *obstacle = NULL;
    if (!slot->start)
        return;
    void *at = (void *)((end + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    void *there = mmap(at, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    *obstacle = there == MAP_FAILED ? NULL : there;
}

static void perform_kind(struct worker *worker, struct op op, struct block *slot)
{
    switch (op.kind) {
    case OP_MALLOC:
    case OP_CALLOC:
        allocate(worker, op, slot);
        break;
    case OP_ALIGNED_ALLOC:
    case OP_POSIX_MEMALIGN:
    case OP_MEMALIGN:
        allocate_aligned(worker, op, slot);
        break;
    case OP_REALLOC:
    case OP_REALLOCARRAY:
    case OP_REALLOC_USABLE:
        reallocate(worker, op, slot);
        break;
    case OP_FREE:
    case OP_FREE_SIZED:
        discard(worker, slot, op.kind == OP_FREE_SIZED);
        break;
    case OP_USABLE_SIZE:
        ask_usable_size(worker, slot);
        break;
    case OP_GIVE:
        give(worker, op, slot);
        break;
    case OP_TAKE:
        take(worker, op, slot);
        break;
    case OP_REFUSED:
        ask_too_much(worker, op, slot);
        break;
    case OP_TRIM:
        subject_of(worker)->trim(op.dice % KEEP_MAX_BYTES);
        break;
    case OP_FORK:
        fork_child(worker);
        break;
    case OP_HEM_IN:
        hem_in(worker, op, slot);
        break;
    case OP_KINDS:
        break;
    }
}

void perform(struct worker *worker)
{
    struct world *world = worker->world;
    struct op op = plan_op(&world->plan, worker->thread, worker->index);
    __atomic_store_n(&world->outcome->progress[worker->thread], worker->index, __ATOMIC_RELAXED);
    perform_kind(worker, op, world_slot(world, worker->thread, op.slot));
    worker->done[op.kind]++;
    if (worker->index % VERIFY_EVERY == VERIFY_EVERY - 1)
        world_verify_slots(worker);
    if (world->verify_every != 0 && worker->index % world->verify_every == 0)
        world_verify_books(worker);
}

void perform_end(struct worker *worker)
{
    struct world *world = worker->world;
    for (worker->thread = 0; worker->thread < world->plan.nthreads; worker->thread++) {
        struct mailbox *mailbox = &world->mailboxes[worker->thread];
        for (uint32_t i = 0; i < world->plan.nslots; i++)
            discard(worker, world_slot(world, worker->thread, i), i & 1);
        while (mailbox->nblocks > 0)
            discard(worker, &mailbox->blocks[--mailbox->nblocks], false);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * THEORY
 *
 * Which block of a class is the next to be sampled is known before it is allocated, as a count of blocks
 * (watch/prof_draw.c). So a thread whose heap is profiled gets its blocks in portions that end before the
 * sampled one, and the fast path of malloc stays as it is. A magazine is a stack that frees push to, so
 * portions cannot be cut from it where it stands: they are moved to bins of their own, to which nothing is
 * pushed and malloc's pointer leads. Those bins are the front. The pointer of free goes on leading to the
 * heap, whose bins take what is freed by the fast path. A sampled block is of a shard that no heap has, so
 * that its free is told from others by the comparison of the tag that every free makes.
 *
 * Changing over. A start or stop changes the epoch; the thread's next slow path sees it and moves malloc's
 * pointer. A handler that does so has interrupted an operation that holds the pointer as it was: in
 * mid-operation its bin is busy, and then the pointer stays. Before that, the operation goes on in the bin of
 * the old side, which is harmless, but for a slow path that finds the pointer changed: it tells by the bin
 * that is not busy.
 */
#include "heap/front.h"

#include "core/harden.h"
#include "core/meta.h"
#include "heap/central.h"
#include "heap/flush.h"
#include "heap/large.h"
#include "heap/magazine.h"
#include "heap/outbox.h"

#include <string.h>

#define PORTION_BLOCKS 31u
#define PORTION_BYTES 8192u
#define PORTION_LOG2 5u

struct ac_heap ac_heap_none = {.bins = {AC_HEAP_SHUT_BINS}, .real = &ac_heap_none};
struct ac_heap ac_heap_gone = {.bins = {AC_HEAP_SHUT_BINS}, .real = &ac_heap_gone};
struct ac_bin ac_heap_shut[AC_NCLASSES + AC_HEAP_SHUT_PLACES] = {
    [0 ... AC_NCLASSES + AC_HEAP_SHUT_PLACES - 1] = {0, AC_BIN_SHUT_BASE, AC_BIN_SHUT_LIMIT}};
_Thread_local struct ac_heap *ac_heap_self __attribute__((tls_model("initial-exec"))) = &ac_heap_none;
_Thread_local struct ac_bin *ac_heap_source __attribute__((tls_model("initial-exec"))) = ac_heap_shut;

bool ac_front_make(struct ac_heap *heap, uint32_t me)
{
    static const struct ac_bin shut_bins[AC_NCLASSES] = {AC_HEAP_SHUT_BINS};
    struct ac_heap *front = ac_meta_get(AC_HEAP_LINES, me);
    if (front == NULL)
        return false;
    memcpy(front->bins, shut_bins, sizeof shut_bins);
    front->real = heap;
    front->id = heap->id;
    ac_store_rel(&heap->front, front);
    return true;
}

/* ---- changing over ---- */

static bool any_busy(const struct ac_heap *heap)
{
    for (unsigned c = 1; heap != NULL && c < AC_NCLASSES; c++) {
        if (ac_bin_is_busy(heap->bins[c].top))
            return true;
    }
    return false;
}

static bool prepare(struct ac_heap *heap)
{
    if (heap->prof == NULL)
        heap->prof = ac_meta_get_bytes(sizeof *heap->prof, heap->id);
    if (heap->prof == NULL || (heap->front == NULL && !ac_front_make(heap, heap->id)))
        return false;
    heap->front->shard = heap->shard;
    heap->front->row = heap->row;
    return true;
}

static void front_empty(struct ac_heap *front)
{
    struct ac_heap *heap = front->real;
    ac_lock(&heap->lock, heap->id);
    ac_flush_bins(front);
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        front->bins[c].top = (uint64_t)(uintptr_t)front->magazines[c].slots;
        front->magazines[c].emptied = 0;
    }
    ac_unlock(&heap->lock);
}

AC_COLD void ac_front_follow(struct ac_heap *heap)
{
    uint32_t epoch = ac_load_acq(&ac_prof_epoch);
    bool on = epoch & 1;
    struct ac_heap *front = heap->front;
    if (ac_heap_mine() != heap || any_busy(heap) || any_busy(front))
        return;
    if (on && !prepare(heap))
        return;
    if (!ac_harden_is_on()) {
        if (front != NULL)
            front_empty(front);
        ac_heap_source = on ? heap->front->bins : heap->bins;
    }
    if (on)
        ac_prof_thread_start(heap->prof, heap->id);
    ac_compiler_barrier();
    heap->prof_epoch = epoch;
}

/* ---- refill ---- */

static unsigned portion(unsigned class)
{
    unsigned by_bytes = PORTION_BYTES / ac_sizeclass[class].size_bytes;
    return by_bytes < PORTION_BLOCKS ? by_bytes : PORTION_BLOCKS;
}

/* Pop from the heap's bin; when it is empty, NULL, and it is busy. */
static void *pop(struct ac_heap *heap, unsigned class)
{
    struct ac_bin *bin = &heap->bins[class];
    uint64_t top = ac_local_fetch_add(bin, 0, AC_BIN_BUSY);
    if ((int64_t)top <= (int64_t)ac_load_rlx(&bin->base))
        return NULL;
    void *block = ((void **)(uintptr_t)top)[-1];
    ac_compiler_barrier();
    ac_store_rel(&bin->top, top - sizeof(void *));
    return block;
}

/* Blocks that are in the heap's bin: as many pops at once. */
static unsigned move(struct ac_heap *heap, unsigned class, void **slots, unsigned want)
{
    struct ac_bin *bin = &heap->bins[class];
    uint64_t top = ac_local_fetch_add(bin, 0, AC_BIN_BUSY);
    int64_t bytes = (int64_t)(top - ac_load_rlx(&bin->base));
    unsigned n = 0;
    if (!ac_bin_is_busy(top) && bytes > 0)
        n = bytes < (int64_t)(want * sizeof(void *)) ? (unsigned)bytes / sizeof(void *) : want;
    memcpy(slots, (void **)(uintptr_t)top - n, n * sizeof(void *));
    ac_compiler_barrier();
    ac_store_rel(&bin->top, top - n * sizeof(void *));
    return n;
}

static void bin_open(struct ac_heap *front, unsigned class, unsigned count)
{
    struct ac_bin *bin = &front->bins[class];
    uint64_t slots = (uint64_t)(uintptr_t)front->magazines[class].slots;
    ac_store_rlx(&bin->base, slots != 0 ? slots : AC_BIN_SHUT_BASE);
    ac_store_rlx(&front->row->magazines[class], (uint16_t)(count + ac_magazine_count(front->real, class)));
    ac_compiler_barrier();
    ac_store_rlx(&bin->top, slots + count * sizeof(void *));
}

/* Left by a stealer that shut the bin and found it busy. */
static unsigned bin_count(struct ac_heap *front, unsigned class)
{
    struct ac_magazine *mag = &front->magazines[class];
    uint64_t slots = (uint64_t)(uintptr_t)mag->slots;
    if (mag->emptied != 0) {
        ac_store_rlx(&mag->emptied, 0);
        return 0;
    }
    return slots == 0 ? 0 : (unsigned)((front->bins[class].top - AC_BIN_BUSY - slots) / sizeof(void *));
}

/* The heap's bin is busy when an operation on it was interrupted by this one. */
static void *take_one(struct ac_heap *heap, unsigned class)
{
    if (ac_bin_is_busy(heap->bins[class].top))
        return NULL;
    void *block = pop(heap, class);
    return block != NULL ? block : ac_magazine_refill(heap, class);
}

/* Of a shard that is no thread's, so that no free of it takes the fast path. When there is no memory for
 * that, the sample is lost. */
static void *take_sampled(struct ac_heap *heap, unsigned class)
{
    struct ac_center *center = ac_center_get(AC_SAMPLED_SHARD, class, heap->id);
    void *block = NULL;
    if (center != NULL)
        ac_center_take(center, &block, 1, heap->id, true);
    return block;
}

void *ac_front_refill(struct ac_heap *front, unsigned class, bool *out_sampled)
{
    struct ac_heap *heap = front->real;
    struct ac_magazine *mag = &front->magazines[class];
    unsigned want = portion(class);
    unsigned count = bin_count(front, class);
    if (count != 0) {
        void *kept = mag->slots[count - 1];
        *out_sampled = false;
        bin_open(front, class, count - 1);
        return kept;
    }
    uint64_t left = heap->prof_epoch == ac_prof_epoch ? ac_prof_left(heap->prof, class) : UINT64_MAX;
    void *block = left == 1 ? take_sampled(heap, class) : NULL;
    *out_sampled = block != NULL;
    if (block == NULL)
        block = take_one(heap, class);
    if (block != NULL && left != UINT64_MAX) {
        left--;
        want = left > want ? want : left > 1 ? (unsigned)left - 1 : 0;
        if (want != 0 && ac_magazine_set_array(front, class, PORTION_LOG2, 0))
            count = move(heap, class, mag->slots, want);
        heap->prof->left[class] = left - count;
    }
    bin_open(front, class, count);
    return block;
}

/* ---- begin ---- */

/* Blocks out of the spans that are in no cache. What threads do meanwhile may be counted or not. */
static void count_live(struct ac_heap *all)
{
    uint64_t out[AC_NCLASSES] = {0};
    uint64_t cached[AC_NCLASSES] = {0};
    for (unsigned shard = 1; shard <= AC_MAX_SHARDS; shard++) {
        const struct ac_center *centers = ac_center_peek(shard, 0);
        for (unsigned c = 1; centers != NULL && c < AC_NCLASSES; c++)
            out[c] += ac_load_rlx(&centers[c].out) - ac_load_rlx(&centers[c].ntransfer);
    }
    for (struct ac_heap *h = all; h != NULL; h = h->next_all)
        ac_flush_count_cached(h, cached);
    for (unsigned c = 1; c < AC_NCLASSES; c++) {
        uint64_t n = out[c] > cached[c] ? out[c] - cached[c] : 0;
        ac_prof_set_before(c, n, n * ac_sizeclass[c].size_bytes);
    }
    ac_prof_set_before(0, ac_large_live_objects(), ac_large_live_bytes());
}

bool ac_front_begin(size_t rate_bytes, struct ac_heap *all, uint32_t me)
{
    if (!ac_prof_prepare(rate_bytes <= 1 ? AC_PROF_RATE_BYTES : rate_bytes, me))
        return false;
    count_live(all);
    return true;
}

void ac_front_start(void)
{
    size_t rate = ac_option_value[AC_OPTION_profile];
    if (rate == 0 || !ac_front_begin(rate, NULL, AC_ID_HELPER))
        return;
    ac_store_rel(&ac_prof_epoch, 1u);
    ac_prof_go();
}

/* Every thread begins anew, with other random numbers than its parent's. */
void ac_front_recover(struct ac_heap *all, uint32_t me)
{
    if (!ac_prof_recover(me))
        return;
    uint64_t rate = ac_prof_rate_bytes;
    ac_store_rlx(&ac_prof_rate_bytes, (uint64_t)0);
    ac_store_rel(&ac_prof_epoch, ac_prof_epoch + 2);
    if (rate != 0 && ac_front_begin(rate, all, me))
        ac_prof_go();
}

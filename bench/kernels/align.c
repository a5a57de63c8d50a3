/* SPDX-License-Identifier: MIT
 *
 * align.c -- blocks with an alignment of their own among ordinary ones: vectors for the processor's wide
 * registers, objects that want a cache line for themselves, pages for direct input and output.
 *
 * Two in eight are ordinary; alignments are 32 to 128 bytes for small objects, 4 KiB for buffers of whole
 * pages. Every address is checked.
 */
#include <string.h>

#include "kernel.h"

#define NLIVE 8192

struct slot {
    unsigned char *block;
    size_t size;
};

static unsigned char *take_aligned(size_t alignment, size_t size, unsigned char mark)
{
    void *block = NULL;

    if (size % alignment == 0)
        block = aligned_alloc(alignment, size);
    else if (posix_memalign(&block, alignment, size) != 0)
        block = NULL;
    need(block);
    if ((uintptr_t)block % alignment != 0)
        abort();
    ((unsigned char *)block)[0] = mark;
    ((unsigned char *)block)[size - 1] = mark;
    return block;
}

static void fill(struct slot *slot, uint64_t *seed, unsigned char mark)
{
    size_t kind = rng_below(seed, 256);

    if (kind < 64) {
        slot->size = rng_size(seed, 4, 10);
        slot->block = kernel_take(slot->size, mark);
    } else if (kind < 253) {
        size_t alignment = (size_t)32 << rng_below(seed, 3);

        slot->size = alignment * (1 + rng_below(seed, 8)) - (kind % 2) * rng_below(seed, 16);
        slot->block = take_aligned(alignment, slot->size, mark);
    } else {
        slot->size = (size_t)4096 << rng_below(seed, 4);
        slot->block = take_aligned(4096, slot->size, mark);
    }
}

int main(int argc, char **argv)
{
    static struct slot live[NLIVE];
    size_t nsteps = kernel_work(argc, argv, 4000000);
    uint64_t seed = 23, sum = 0;

    for (size_t i = 0; i < nsteps; i++) {
        struct slot *slot = &live[rng_below(&seed, NLIVE)];

        if (slot->block != NULL)
            sum += kernel_drop(slot->block, slot->size);
        fill(slot, &seed, (unsigned char)i);
    }
    for (size_t i = 0; i < NLIVE; i++) {
        if (live[i].block != NULL)
            sum += kernel_drop(live[i].block, live[i].size);
    }
    return kernel_done(sum);
}

/* SPDX-License-Identifier: MIT
 *
 * slots.c -- a table of live blocks, one picked at random, freed and replaced: refills and flushes,
 * locality of scattered frees.
 *
 * The second argument is the number of slots: 1000 stays in the processor's caches, 1000000 does not.
 */
#include "kernel.h"

struct slot {
    unsigned char *block;
    size_t size;
};

int main(int argc, char **argv)
{
    size_t nreplaces = kernel_work(argc, argv, 100);
    size_t nslots = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000;
    struct slot *slots = need(calloc(nslots, sizeof *slots));
    uint64_t seed = 2, sum = 0;

    /* A random access to a table that misses the caches costs several times one that hits. */
    nreplaces *= nslots > 500000 ? 20000 : nslots > 50000 ? 50000 : 160000;
    for (size_t i = 0; i < nreplaces + nslots; i++) {
        struct slot *slot = &slots[i < nslots ? i : rng_below(&seed, nslots)];

        if (slot->block != NULL)
            sum += kernel_drop(slot->block, slot->size);
        slot->size = rng_size(&seed, 4, 9);
        slot->block = kernel_take(slot->size, (unsigned char)i);
    }
    for (size_t i = 0; i < nslots; i++) {
        if (slots[i].block != NULL)
            sum += kernel_drop(slots[i].block, slots[i].size);
    }
    free(slots);
    return kernel_done(sum);
}

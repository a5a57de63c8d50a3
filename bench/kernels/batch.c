/* SPDX-License-Identifier: MIT
 *
 * batch.c -- all of a set is allocated, then all of it freed, in order or in random order: long runs of
 * one kind of call.
 *
 * The second argument is the order of freeing: "order" or "random".
 */
#include <string.h>

#include "kernel.h"

#define NBLOCKS 200000

struct slot {
    unsigned char *block;
    size_t size;
};

static void shuffle(struct slot *slots, uint64_t *seed)
{
    for (size_t i = NBLOCKS - 1; i > 0; i--) {
        size_t at = rng_below(seed, i + 1);
        struct slot other = slots[at];

        slots[at] = slots[i];
        slots[i] = other;
    }
}

int main(int argc, char **argv)
{
    size_t nrounds = kernel_work(argc, argv, 2000) / 100;
    int is_random = argc > 2 && strcmp(argv[2], "random") == 0;
    struct slot *slots = need(calloc(NBLOCKS, sizeof *slots));
    uint64_t seed = 17, sum = 0;

    for (size_t round = 0; round < nrounds || round == 0; round++) {
        for (size_t i = 0; i < NBLOCKS; i++) {
            slots[i].size = rng_size(&seed, 4, 8);
            slots[i].block = kernel_take(slots[i].size, (unsigned char)i);
        }
        if (is_random)
            shuffle(slots, &seed);
        for (size_t i = 0; i < NBLOCKS; i++)
            sum += kernel_drop(slots[i].block, slots[i].size);
    }
    free(slots);
    return kernel_done(sum);
}

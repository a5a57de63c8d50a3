/* SPDX-License-Identifier: MIT
 *
 * calloc.c -- zeroed memory of all sizes, as interpreters and compilers ask for it: nodes of 16 to 512 bytes,
 * hash tables of some KiB that double, now and then a table of up to 2 MiB that is used in part.
 *
 * Every block is read at three places for its zeros, then written whole if it is small.
 */
#include <string.h>

#include "kernel.h"

#define NLIVE 4096

struct slot {
    unsigned char *block;
    size_t size;
};

static size_t pick(uint64_t *seed)
{
    size_t kind = rng_below(seed, 1024);

    if (kind == 0)
        return rng_size(seed, 17, 21);
    return kind < 48 ? rng_size(seed, 10, 15) : rng_size(seed, 4, 9);
}

static void fill(struct slot *slot, uint64_t *seed, unsigned char mark)
{
    size_t size = pick(seed);
    unsigned char *block = need(calloc(size / 8 + 1, 8));

    if ((block[0] | block[size / 2] | block[size - 1]) != 0)
        abort();
    memset(block, mark, size < 4096 ? size : size / 4);
    block[size - 1] = mark;
    slot->block = block;
    slot->size = size;
}

int main(int argc, char **argv)
{
    static struct slot live[NLIVE];
    size_t nsteps = kernel_work(argc, argv, 3000000);
    uint64_t seed = 29, sum = 0;

    for (size_t i = 0; i < nsteps; i++) {
        struct slot *slot = &live[rng_below(&seed, NLIVE)];

        if (slot->block != NULL)
            sum += kernel_drop(slot->block, slot->size);
        fill(slot, &seed, (unsigned char)(i | 1));
    }
    for (size_t i = 0; i < NLIVE; i++) {
        if (live[i].block != NULL)
            sum += kernel_drop(live[i].block, live[i].size);
    }
    return kernel_done(sum);
}

/* SPDX-License-Identifier: MIT
 *
 * large.c -- buffers of 64 KiB to 8 MiB that live a short while and are written whole, as in image and
 * file work.
 *
 * Half of them reach the far end only in part: what is never touched should cost no memory.
 */
#include <string.h>

#include "kernel.h"

#define NLIVE 12

struct buffer {
    unsigned char *block;
    size_t size;
};

static void fill(struct buffer *b, uint64_t *seed, unsigned char mark)
{
    b->size = rng_size(seed, 16, 23);
    b->block = kernel_take(b->size, mark);
    memset(b->block, mark, rng_below(seed, 2) == 0 ? b->size : b->size / 4);
    b->block[b->size - 1] = mark;
}

int main(int argc, char **argv)
{
    static struct buffer live[NLIVE];
    size_t nbuffers = kernel_work(argc, argv, 3000);
    uint64_t seed = 11, sum = 0;

    for (size_t i = 0; i < nbuffers; i++) {
        struct buffer *b = &live[rng_below(&seed, NLIVE)];

        if (b->block != NULL)
            sum += b->block[b->size / 8] + kernel_drop(b->block, b->size);
        fill(b, &seed, (unsigned char)i);
    }
    for (size_t i = 0; i < NLIVE; i++) {
        if (live[i].block != NULL)
            sum += kernel_drop(live[i].block, live[i].size);
    }
    return kernel_done(sum);
}

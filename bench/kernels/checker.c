/* SPDX-License-Identifier: MIT
 *
 * checker.c -- a checkerboard, then bigger blocks: every other of many equal blocks is freed, and what is
 * asked for next fits in none of the holes.
 *
 * The case that every text on fragmentation begins with, and what an index does when half of its entries
 * expire. 48 MiB of blocks; in each step every other block of each size goes, and blocks twice as large as
 * the largest so far (from 96 bytes on) take as many bytes again. The second argument is the number of
 * sizes: 2 is the case of the texts, 8 goes on to 12 KiB.
 */
#include <string.h>

#include "kernel.h"

#define STEP_BYTES ((size_t)48 << 20)
#define FIRST_SIZE 96
#define MAX_STEPS 8

struct step {
    unsigned char **block;
    size_t nblocks, size;
};

static size_t freed_bytes; /* and not yet asked for again */

static void fill(struct step *step, size_t size, size_t nblocks)
{
    step->size = size;
    step->nblocks = nblocks;
    step->block = need(calloc(nblocks, sizeof *step->block));
    for (size_t i = 0; i < nblocks; i++) {
        step->block[i] = kernel_take(size, (unsigned char)i);
        memset(step->block[i], (int)(i & 0xff), size);
    }
}

/* Frees every other block of those still there. */
static uint64_t thin(struct step *step)
{
    uint64_t sum = 0;

    for (size_t i = 0, nseen = 0; i < step->nblocks; i++) {
        if (step->block[i] == NULL || nseen++ % 2 == 0)
            continue;
        sum += kernel_drop(step->block[i], step->size);
        step->block[i] = NULL;
        freed_bytes += step->size;
    }
    return sum;
}

static uint64_t clear(struct step *step)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < step->nblocks; i++)
        sum += step->block[i] != NULL ? kernel_drop(step->block[i], step->size) : 0;
    free(step->block);
    return sum;
}

static uint64_t board(size_t nsteps)
{
    struct step steps[MAX_STEPS];
    uint64_t sum = 0;

    freed_bytes = STEP_BYTES;
    for (size_t n = 0; n < nsteps; n++) {
        size_t size = (size_t)FIRST_SIZE << n, nblocks = freed_bytes / size;

        freed_bytes -= nblocks * size;
        fill(&steps[n], size, nblocks);
        for (size_t i = 0; i <= n && n < nsteps - 1; i++)
            sum += thin(&steps[i]);
    }
    for (size_t n = 0; n < nsteps; n++)
        sum += clear(&steps[n]);
    return sum;
}

int main(int argc, char **argv)
{
    size_t nsteps = argc > 2 ? strtoul(argv[2], NULL, 10) : MAX_STEPS;
    size_t nboards = kernel_work(argc, argv, 600) / 100;
    uint64_t sum = 0;

    if (nsteps < 1 || nsteps > MAX_STEPS)
        return 2;
    for (size_t n = 0; n < nboards || n == 0; n++)
        sum += board(nsteps);
    kernel_live(STEP_BYTES + STEP_BYTES / FIRST_SIZE * sizeof(void *));
    return kernel_done(sum);
}

/* SPDX-License-Identifier: MIT
 *
 * churn.c -- steady churn: a server that holds 40 MiB all the time and replaces it again and again.
 *
 * Most objects live for one request, some are kept and go at random. Sizes are skewed to small ones with a
 * long tail to 32 KiB. After a while every page has been in use for many sizes; the peak shows what that
 * costs.
 */
#include <string.h>

#include "kernel.h"

#define HELD_BYTES ((size_t)40 << 20)
#define MAX_OBJECTS 600000
#define NREQUEST 24

struct object {
    unsigned char *block;
    size_t size;
};

static struct object *held;
static size_t nheld, held_bytes;

static size_t pick(uint64_t *seed)
{
    size_t kind = rng_below(seed, 100);

    if (kind < 70)
        return rng_size(seed, 4, 7);
    return kind < 95 ? rng_size(seed, 7, 11) : rng_size(seed, 11, 15);
}

static uint64_t drop_random(uint64_t *seed)
{
    size_t at = rng_below(seed, nheld);
    struct object gone = held[at];

    held[at] = held[--nheld];
    held_bytes -= gone.size;
    return kernel_drop(gone.block, gone.size);
}

/* One request: objects of its own, of which one in six is kept. */
static uint64_t serve(uint64_t *seed)
{
    struct object own[NREQUEST];
    uint64_t sum = 0;

    for (size_t i = 0; i < NREQUEST; i++) {
        own[i].size = pick(seed);
        own[i].block = kernel_take(own[i].size, (unsigned char)i);
        memset(own[i].block, (int)i, own[i].size < 512 ? own[i].size : 512);
    }
    for (size_t i = 0; i < NREQUEST; i++) {
        if (rng_below(seed, 6) != 0 || nheld == MAX_OBJECTS) {
            sum += kernel_drop(own[i].block, own[i].size);
            continue;
        }
        own[i].block[own[i].size / 2] = 1;
        held_bytes += own[i].size;
        held[nheld++] = own[i];
        while (held_bytes > HELD_BYTES)
            sum += drop_random(seed);
    }
    return sum;
}

int main(int argc, char **argv)
{
    size_t nrequests = kernel_work(argc, argv, 160000);
    uint64_t seed = 47, sum = 0;

    held = need(calloc(MAX_OBJECTS, sizeof *held));
    for (size_t i = 0; i < nrequests; i++)
        sum += serve(&seed);
    kernel_live(HELD_BYTES);
    while (nheld > 0)
        sum += drop_random(&seed);
    free(held);
    return kernel_done(sum);
}

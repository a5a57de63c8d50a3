/* SPDX-License-Identifier: MIT
 *
 * grow.c -- arrays that grow by realloc: many small ones by doubling and by an eighth, a few to tens of
 * MiB, then shrunk.
 */
#include <string.h>

#include "kernel.h"

#define NVECTORS 512

struct vector {
    uint32_t *item;
    size_t nitems, capacity;
};

static void push(struct vector *v, uint32_t item, int is_slow_growth)
{
    if (v->nitems == v->capacity) {
        v->capacity += is_slow_growth ? v->capacity / 8 + 4 : v->capacity + 4;
        v->item = need(realloc(v->item, v->capacity * sizeof *v->item));
    }
    v->item[v->nitems++] = item;
}

static uint64_t drop(struct vector *v)
{
    uint64_t sum = v->nitems;

    for (size_t i = 0; i < v->nitems; i += 7)
        sum = sum * 3 + v->item[i];
    free(v->item);
    memset(v, 0, sizeof *v);
    return sum;
}

static uint64_t grow_many(size_t npushes, uint64_t *seed)
{
    static struct vector vectors[NVECTORS];
    uint64_t sum = 0;

    for (size_t i = 0; i < npushes; i++) {
        size_t at = rng_below(seed, NVECTORS);

        push(&vectors[at], (uint32_t)i, at % 2 == 0);
        if (vectors[at].nitems > 20000 / (at + 1) + 20)
            sum += drop(&vectors[at]);
    }
    for (size_t at = 0; at < NVECTORS; at++)
        sum += drop(&vectors[at]);
    return sum;
}

static uint64_t grow_big(size_t nitems)
{
    struct vector v = {NULL, 0, 0};
    uint64_t sum;

    for (size_t i = 0; i < nitems; i++)
        push(&v, (uint32_t)i, 1);
    v.nitems = nitems / 100;
    v.item = need(realloc(v.item, v.nitems * sizeof *v.item));
    sum = drop(&v);
    return sum;
}

int main(int argc, char **argv)
{
    size_t npushes = kernel_work(argc, argv, 20000000);
    uint64_t seed = 9, sum = grow_many(npushes, &seed);

    for (int i = 0; i < 6; i++)
        sum += grow_big(npushes / 2);
    return kernel_done(sum);
}

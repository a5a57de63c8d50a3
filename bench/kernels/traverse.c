/* SPDX-License-Identifier: MIT
 *
 * traverse.c -- locality: a dictionary built in a heap that has been in use for a while, then read many
 * times. How near each other lie things that were allocated together?
 *
 * The heap is churned first: three quarters of many blocks of the same range of sizes are freed at random.
 * The dictionary is chains of nodes with a string each, read chain by chain; nothing is allocated meanwhile.
 */
#include <string.h>

#include "kernel.h"

#define NOLD 200000
#define NCHAINS 2000
#define NNODES 120000

struct node {
    struct node *next;
    unsigned char *text;
    uint32_t size;
    uint32_t value;
};

static unsigned char *old[NOLD];
static size_t old_size[NOLD];
static struct node *chain[NCHAINS];

static uint64_t use_heap(uint64_t *seed)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < NOLD; i++) {
        old_size[i] = rng_size(seed, 4, 7);
        old[i] = kernel_take(old_size[i], (unsigned char)i);
    }
    for (size_t i = 0; i < NOLD; i++) {
        size_t at = rng_below(seed, NOLD);

        if (old[at] != NULL)
            sum += kernel_drop(old[at], old_size[at]);
        old[at] = NULL;
    }
    return sum;
}

/* Chains are filled one after another, so neighbours in a chain were allocated together. */
static void build(uint64_t *seed)
{
    for (size_t i = 0; i < NNODES; i++) {
        struct node *node = need(malloc(sizeof *node));
        size_t at = i / (NNODES / NCHAINS);

        node->size = (uint32_t)rng_size(seed, 4, 6);
        node->text = kernel_take(node->size, (unsigned char)i);
        memset(node->text, (int)(i & 0xff), node->size);
        node->value = (uint32_t)i;
        node->next = chain[at];
        chain[at] = node;
    }
}

static uint64_t traverse(size_t at)
{
    uint64_t sum = 0;

    for (const struct node *node = chain[at]; node != NULL; node = node->next)
        sum = sum * 31 + node->value + node->text[node->size / 2];
    return sum;
}

int main(int argc, char **argv)
{
    size_t nreads = kernel_work(argc, argv, 120000);
    uint64_t seed = 61, sum = use_heap(&seed);

    build(&seed);
    for (size_t i = 0; i < nreads; i++)
        sum += traverse(rng_below(&seed, NCHAINS));
    for (size_t i = 0; i < NCHAINS; i++) {
        while (chain[i] != NULL) {
            struct node *next = chain[i]->next;

            sum += kernel_drop(chain[i]->text, chain[i]->size);
            free(chain[i]);
            chain[i] = next;
        }
    }
    for (size_t i = 0; i < NOLD; i++)
        sum += old[i] != NULL ? kernel_drop(old[i], old_size[i]) : 0;
    return kernel_done(sum);
}

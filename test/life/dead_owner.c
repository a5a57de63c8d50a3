/* SPDX-License-Identifier: MIT
 *
 * Owners that die first: a thread allocates 16 MiB and exits, then its blocks are freed
 *
 *   main      by the main thread, which allocates for itself
 *   strangers by two new threads that have allocated nothing
 *   halves    one half by main, one half by the next owner while it allocates
 *
 * and the memory has to serve the next owner: after 60 generations RSS is that of one or two, not of 60.
 */
#include "life/life.h"

enum { GENERATIONS = 60, BLOCKS = 60000, OWNED_BYTES = 16 * LIFE_MIB };

static void *blocks[2][BLOCKS];
static size_t nblocks[2];

struct share {
    int generation; /* which of the two sets of blocks */
    size_t first;
    size_t step;
};

static void *own(void *argument)
{
    int generation = *(int *)argument;
    uint64_t random = (uint64_t)generation;
    size_t n = 0;
    for (size_t bytes = 0; bytes < OWNED_BYTES && n < BLOCKS; n++) {
        size_t size = life_random_size(&random, n % 64 == 0 ? 80 * LIFE_KIB : 700);
        blocks[generation % 2][n] = life_block(size, n);
        bytes += size;
    }
    nblocks[generation % 2] = n;
    return NULL;
}

static void *free_share(void *argument)
{
    const struct share *share = argument;
    for (size_t i = share->first; i < nblocks[share->generation % 2]; i += share->step)
        life_free(blocks[share->generation % 2][i]);
    return NULL;
}

static void *own_and_free_half(void *argument)
{
    int generation = *(int *)argument;
    struct share half = {generation + 1, 1, 2};
    own(argument);
    free_share(&half);
    return NULL;
}

static void run_generation(const char *name, int generation)
{
    struct share all = {generation, 0, 1}, even = {generation, 0, 2}, odd = {generation, 1, 2};
    if (strcmp(name, "halves") == 0) {
        life_join(life_thread(own_and_free_half, &generation));
        free_share(&even);
        return;
    }
    life_join(life_thread(own, &generation));
    if (strcmp(name, "main") == 0) {
        free_share(&all);
        return;
    }
    pthread_t stranger = life_thread(free_share, &even);
    life_join(life_thread(free_share, &odd));
    life_join(stranger);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    life_deadline(100, "dead owners");
    size_t base = life_rss_kib(), peak = 0;
    for (int generation = 0; generation < GENERATIONS; generation++) {
        run_generation(name, generation);
        size_t rss = life_rss_kib();
        peak = rss > peak ? rss : peak;
    }
    /* halves: two half-freed generations live at a time; the others one. Plus caches. */
    size_t live_kib = OWNED_BYTES / LIFE_KIB * (strcmp(name, "halves") == 0 ? 2 : 1);
    life_bound("RSS over 60 generations of owners", peak - base, live_kib * 2 + 2048, "KiB");
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * False sharing: two threads never hold blocks in the same 64-byte line.
 *
 *   active   they allocate small blocks in strict alternation
 *   bursts   they allocate up to 40 blocks and free up to 20 in alternation
 *   passive  one allocates everything and hands every second block to the other, which frees it; then both
 *            allocate in alternation: no new block of one lies in a line where the other has one
 */
#include "life/life.h"

#include <semaphore.h>

enum { BLOCKS = 20000, TURNS = 10000, LINE = 64 };

struct side {
    uintptr_t blocks[BLOCKS];
    size_t nblocks;
    sem_t turn;
    struct side *other;
    uint64_t random;
};

static struct side sides[2];
static uintptr_t given[BLOCKS];
static size_t size, burst;

/* Takes turns with the other side; both take the same number of turns. */
static void *alternate(void *argument)
{
    struct side *side = argument;
    for (int turn = 0; turn < TURNS; turn++) {
        sem_wait(&side->turn);
        for (size_t n = burst > 1 ? life_random(&side->random) % burst : 1; n > 0; n--)
            if (side->nblocks < BLOCKS)
                side->blocks[side->nblocks++] = (uintptr_t)malloc(size);
        for (size_t n = burst > 1 ? life_random(&side->random) % (burst / 2) : 0; n > 0 && side->nblocks > 0;
             n--)
            free((void *)side->blocks[--side->nblocks]);
        sem_post(&side->other->turn);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a & ~(uintptr_t)1, y = *(const uintptr_t *)b & ~(uintptr_t)1;
    return (x > y) - (x < y);
}

/* Blocks of one side carry a set lowest bit; a line with blocks of both is shared. */
static size_t count_shared_lines(const uintptr_t *zeros, size_t nzeros, const uintptr_t *ones, size_t nones)
{
    static uintptr_t all[2 * BLOCKS];
    size_t nall = 0, nshared = 0;
    for (size_t i = 0; i < nzeros; i++)
        all[nall++] = zeros[i];
    for (size_t i = 0; i < nones; i++)
        all[nall++] = ones[i] | 1;
    qsort(all, nall, sizeof *all, compare);
    for (size_t i = 1; i < nall; i++) {
        uintptr_t end_before = (all[i - 1] & ~(uintptr_t)1) + size - 1;
        nshared += end_before / LINE == all[i] / LINE && (all[i - 1] & 1) != (all[i] & 1);
    }
    return nshared;
}

static void run_sides(void)
{
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        sides[i].nblocks = 0;
        sides[i].random = i;
        sides[i].other = &sides[1 - i];
        CHECK_EQ(sem_init(&sides[i].turn, 0, i == 0), 0);
    }
    for (size_t i = 0; i < 2; i++)
        threads[i] = life_thread(alternate, &sides[i]);
    for (size_t i = 0; i < 2; i++)
        life_join(threads[i]);
}

/* The passive scene runs inside two threads that live to its end. */
static pthread_barrier_t step;

static void *first(void *unused)
{
    for (size_t i = 0; i < BLOCKS; i++)
        given[i] = (uintptr_t)malloc(size);
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    alternate(&sides[0]);
    pthread_barrier_wait(&step);
    return unused;
}

static void *second(void *unused)
{
    pthread_barrier_wait(&step);
    for (size_t i = 1; i < BLOCKS; i += 2)
        free((void *)given[i]);
    pthread_barrier_wait(&step);
    alternate(&sides[1]);
    pthread_barrier_wait(&step);
    return unused;
}

static void run_passive(void)
{
    for (size_t i = 0; i < 2; i++) {
        sides[i].nblocks = 0;
        sides[i].other = &sides[1 - i];
        CHECK_EQ(sem_init(&sides[i].turn, 0, i == 0), 0);
    }
    CHECK_EQ(pthread_barrier_init(&step, NULL, 2), 0);
    pthread_t one = life_thread(first, NULL);
    life_join(life_thread(second, NULL));
    life_join(one);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {8, 16, 24, 32, 48, 64, 80, 100};
    const char *name = argc > 1 ? argv[1] : "";
    int passive = strcmp(name, "passive") == 0;
    CHECK(passive || strcmp(name, "active") == 0 || strcmp(name, "bursts") == 0);
    burst = strcmp(name, "bursts") == 0 ? 40 : 1;
    size_t nshared_in_all = 0;
    life_deadline(60, "false sharing");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size = sizes[i];
        passive ? run_passive() : run_sides();
        size_t nshared =
            count_shared_lines(sides[0].blocks, sides[0].nblocks, sides[1].blocks, sides[1].nblocks);
        if (passive) { /* what first still holds of its own, against what second has got */
            for (size_t kept = 0; kept < BLOCKS / 2; kept++)
                given[kept] = given[2 * kept];
            nshared += count_shared_lines(given, BLOCKS / 2, sides[1].blocks, sides[1].nblocks);
        }
        check_note("blocks of %3zu bytes: %zu lines shared", size, nshared);
        nshared_in_all += nshared;
        for (size_t side = 0; side < 2; side++)
            for (size_t n = 0; n < sides[side].nblocks; n++)
                free((void *)sides[side].blocks[n]);
        for (size_t n = 0; passive && n < BLOCKS / 2; n++)
            free((void *)given[n]);
    }
    life_bound("lines shared by two threads", nshared_in_all, 0, "lines");
    return 0;
}

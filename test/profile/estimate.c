/* SPDX-License-Identifier: MIT
 *
 * estimate.c -- what the profile says against what was allocated, over ROUNDS runs of the profiler, each with
 * random numbers of its own: for each site, in bytes and objects, allocated and live, the mean is right to
 * 1 %, and 95 % of the single runs lie within the error that is stated, 1.96 sigma.
 *
 *   mixed      sites with sizes of one class, of all classes, and beside each other in the same class
 *   large      blocks over 32 KiB, about as long as the rate
 *   periodic   a loop that allocates exactly one rate's worth of bytes in every turn
 *
 * acre's functions are called by name; libc serves malloc, so nobody else's blocks are in the profile.
 */
#include <acre/acre.h>
#include <math.h>

#include "rows.h"

enum { ROUNDS = 4000, MAX_BLOCKS = 16384, SITES = 3 };

SITE_BOUNDS(first);
SITE_BOUNDS(second);
SITE_BOUNDS(third);

static SITE(first) void *first(size_t size)
{
    void *volatile block = acre_malloc(size);
    return block;
}

static SITE(second) void *second(size_t size)
{
    void *volatile block = acre_malloc(size);
    return block;
}

static SITE(third) void *third(size_t size)
{
    void *volatile block = acre_malloc(size);
    return block;
}

static void *(*const calls[SITES])(size_t) = {first, second, third};

static struct ac_state_site sums_of(int site)
{
    return site == 0 ? SITE_SUMS(first) : site == 1 ? SITE_SUMS(second) : SITE_SUMS(third);
}

/* What was really allocated in a round. */
struct truth {
    double objects;
    double bytes;
    double live_bytes;
};

/* Estimate by truth, over the rounds. */
struct ratio {
    double sum;
    double sum_squares;
};

static struct truth truth[SITES];
static struct ratio alloc_bytes[SITES];
static struct ratio alloc_objects[SITES];
static struct ratio live_bytes[SITES];
static unsigned within[SITES];
static void *blocks[MAX_BLOCKS];
static unsigned nblocks;
static uint64_t seed = 1;

static size_t random_below(size_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((seed >> 33) % n);
}

static void allocate(int site, size_t size, bool keep)
{
    void *block = calls[site](size);
    CHECK(block != NULL);
    double usable = (double)acre_usable_size(block);
    truth[site].objects++;
    truth[site].bytes += usable;
    if (keep && nblocks < MAX_BLOCKS) {
        truth[site].live_bytes += usable;
        blocks[nblocks++] = block;
    } else {
        acre_free(block);
    }
}

/* 2 MiB, at a rate of 4 KiB. */
static void mixed(void)
{
    for (int i = 0; i < 3000; i++) {
        allocate(0, 100, i % 2 == 0);
        allocate(1, 16 + random_below(200), i % 2 == 0);
        if (i % 30 == 0)
            allocate(2, 16 + random_below(16384), i % 60 != 0);
    }
}

/* 60 MiB, at a rate of 128 KiB. */
static void large(void)
{
    for (int i = 0; i < 80; i++) {
        allocate(0, 40000 + random_below(100000), i % 2 == 0);
        allocate(1, 300000, i % 2 == 0);
        allocate(2, 33000 + random_below(900000), i % 2 == 0);
    }
}

/* 64 * 64 + 4096 = 8 KiB a turn, which is the rate. */
static void periodic(void)
{
    for (int turn = 0; turn < 250; turn++) {
        for (int i = 0; i < 32; i++)
            allocate(0, 64, i < 16);
        for (int i = 0; i < 32; i++)
            allocate(1, 64, i >= 16);
        allocate(2, 4096, turn % 2 == 0);
    }
}

static const struct {
    const char *name;
    size_t rate_bytes;
    void (*run)(void);
} cases[] = {{"mixed", 4096, mixed}, {"large", 131072, large}, {"periodic", 8192, periodic}};

static void add(struct ratio *ratio, double estimate, double exact)
{
    double r = estimate / exact;
    ratio->sum += r;
    ratio->sum_squares += r * r;
}

static void compare(int site)
{
    struct ac_state_site s = sums_of(site);
    add(&alloc_bytes[site], (double)s.alloc_bytes, truth[site].bytes);
    add(&alloc_objects[site], (double)s.alloc_objects / AC_STATE_WEIGHT_ONE, truth[site].objects);
    add(&live_bytes[site], (double)s.live_bytes, truth[site].live_bytes);
    double sigma = s.taken != 0 ? (double)s.alloc_bytes / sqrt((double)s.taken) : 0;
    within[site] += fabs((double)s.alloc_bytes - truth[site].bytes) <= 1.96 * sigma;
}

/* 1 %, and never less than five standard errors, so that a right profiler fails once in a million runs. */
static void check_mean(const char *what, int site, const struct ratio *ratio)
{
    double mean = ratio->sum / ROUNDS;
    double error = sqrt((ratio->sum_squares / ROUNDS - mean * mean) / ROUNDS);
    check_note("site %d, %-13s mean %.4f, standard error %.4f", site, what, mean, error);
    CHECK(error < 0.004);
    CHECK(fabs(mean - 1) <= fmax(0.01, 5 * error));
}

static void one_round(size_t rate_bytes, void (*run)(void))
{
    memset(truth, 0, sizeof truth);
    nblocks = 0;
    CHECK_EQ(acre_prof_start(rate_bytes), 0);
    run();
    for (int site = 0; site < SITES; site++)
        compare(site);
    while (nblocks != 0)
        acre_free(blocks[--nblocks]);
    rows_check_all_freed();
    CHECK_EQ(rows_profile()->dropped_sites, 0);
    CHECK_EQ(acre_prof_stop(), 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    acre_free(acre_malloc(1));
    rows_find();
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (int i = 0; i < ROUNDS && strcmp(argv[1], cases[c].name) == 0; i++)
            one_round(cases[c].rate_bytes, cases[c].run);
    }
    for (int site = 0; site < SITES; site++) {
        check_mean("bytes", site, &alloc_bytes[site]);
        check_mean("objects", site, &alloc_objects[site]);
        check_mean("live bytes", site, &live_bytes[site]);
        check_note("site %d: %.1f %% of the rounds within the error stated", site,
                   within[site] * 100.0 / ROUNDS);
        CHECK(within[site] >= ROUNDS * 90 / 100);
    }
    return 0;
}

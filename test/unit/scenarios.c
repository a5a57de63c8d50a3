/* SPDX-License-Identifier: MIT */
#include "scenarios.h"

#include "core/purge.h"
#include "heap/heap.h"
#include "os/os_fake.h"
#include "unit.h"

#include <acre/acre.h>
#include <errno.h>

#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)
#define MAX_HELD 4000

static struct held {
    void *block;
    size_t size;
} held[MAX_HELD];
static unsigned nheld;

/* Of a long block only the head is written, for the sake of time. */
static size_t head(size_t size)
{
    return size < 32 * KIB ? size : 32 * KIB;
}

/* Every way to get a block goes through here: NULL comes with ENOMEM and with nothing else. */
static void hold(void *block, size_t size)
{
    if (block == NULL) {
        assert_int_equal(errno, ENOMEM);
        return;
    }
    assert_true(nheld < MAX_HELD);
    unit_fill(block, head(size), nheld);
    held[nheld].block = block;
    held[nheld++].size = size;
}

static void take(size_t size)
{
    errno = 0;
    hold(acre_malloc(size), size);
}

static void check_all(void)
{
    for (unsigned i = 0; i < nheld; i++)
        assert_true(unit_is_filled(held[i].block, head(held[i].size), i));
}

static void free_all(void)
{
    check_all();
    errno = 4711;
    while (nheld != 0)
        acre_free(held[--nheld].block);
    assert_int_equal(errno, 4711);
}

static void small_burst(void)
{
    for (unsigned i = 0; i < 3000; i++)
        take(16 + i % 100 * 20);
    free_all();
}

static void every_class(void)
{
    for (size_t size = 16; size <= 32 * KIB; size += size / 8 + 8) {
        for (unsigned i = 0; i < 6; i++)
            take(size);
    }
    free_all();
}

static void large_blocks(void)
{
    for (unsigned i = 0; i < 60; i++)
        take(40 * KIB + i * 15 * KIB);
    free_all();
}

static void huge_blocks(void)
{
    for (unsigned i = 0; i < 12; i++)
        take(MIB + i * 777 * KIB);
    free_all();
}

/* From a few bytes through all tiers and back. */
static void realloc_chain(void)
{
    size_t size = 10;
    errno = 0;
    unsigned char *block = acre_malloc(size);
    if (block == NULL)
        return;
    memset(block, 0xc3, size);
    for (unsigned step = 0; step < 50; step++) {
        size_t wanted = step < 30 ? size + size / 2 + 8 : size / 2 + 1;
        errno = 0;
        unsigned char *resized = acre_realloc(block, wanted);
        if (resized == NULL) { /* refused: all is as it was */
            assert_int_equal(errno, ENOMEM);
        } else {
            block = resized;
            if (wanted > size)
                memset(block + size, 0xc3, 1);
            size = wanted;
            block[size - 1] = 0xc3;
        }
        assert_true(block[0] == 0xc3 && block[size - 1] == 0xc3);
    }
    acre_free(block);
}

static void two_realloc_chains(void)
{
    char *a = acre_malloc(2 * MIB);
    char *b = acre_malloc(2 * MIB);
    for (size_t size = 2 * MIB; size < 30 * MIB; size += 3 * MIB) {
        char *grown_a = acre_realloc(a, size);
        a = grown_a != NULL ? grown_a : a;
        char *grown_b = acre_realloc(b, size + MIB);
        b = grown_b != NULL ? grown_b : b;
        if (a != NULL)
            a[0] = a[2 * MIB - 1] = 1;
        if (b != NULL)
            b[0] = b[2 * MIB - 1] = 2;
    }
    assert_true(a == NULL || (a[0] == 1 && a[2 * MIB - 1] == 1));
    assert_true(b == NULL || (b[0] == 2 && b[2 * MIB - 1] == 2));
    acre_free(a);
    acre_free(b);
}

static void aligned_blocks(void)
{
    for (size_t align = 32; align <= 4 * MIB; align *= 2) {
        for (unsigned i = 0; i < 4; i++) {
            size_t size = 1 + i * 30 * KIB;
            errno = 0;
            void *block = acre_aligned_alloc(align, size);
            assert_int_equal((uintptr_t)block % align, 0);
            hold(block, size);
        }
    }
    free_all();
}

static void zeroed_blocks(void)
{
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 20; i++) {
            size_t size = 50 + i * i * 4 * KIB;
            errno = 0;
            void *block = acre_calloc(1, size);
            assert_true(block == NULL || unit_is_zero(block, acre_usable_size(block)));
            hold(block, size);
        }
        free_all();
    }
}

static void *some_thread(void *arg)
{
    (void)arg;
    void *blocks[100];
    for (unsigned i = 0; i < 100; i++) {
        blocks[i] = acre_malloc(16 + i * 40);
        if (blocks[i] != NULL)
            unit_fill(blocks[i], 16 + i * 40, i);
    }
    for (unsigned i = 0; i < 100; i++) {
        if (blocks[i] != NULL)
            assert_true(unit_is_filled(blocks[i], 16 + i * 40, i));
        acre_free(blocks[i]);
    }
    return NULL;
}

static void births_of_threads(void)
{
    for (unsigned i = 0; i < 6; i++)
        unit_in_thread(some_thread, NULL);
}

static void *free_held(void *arg)
{
    (void)arg;
    free_all();
    return NULL;
}

static void remote_frees(void)
{
    for (unsigned i = 0; i < 2000; i++)
        take(16 + i % 60 * 50);
    for (unsigned i = 0; i < 4; i++)
        take(300 * KIB);
    unit_in_thread(free_held, NULL);
}

static void trims(void)
{
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 300; i++)
            take(i * 400);
        take(3 * MIB);
        free_all();
        (void)acre_trim(round * 100 * KIB);
    }
}

static void purging_all_the_time(void)
{
    (void)acre_option_set("decay_ms", 0);
    (void)acre_option_set("dirty_min", 0);
    for (unsigned i = 0; i < 40; i++)
        take(i * 1000);
    take(3 * MIB);
    (void)acre_trim(100 * KIB);
    free_all();
    for (unsigned i = 0; i < 12; i++)
        take(40 * KIB + i * 60 * KIB);
    free_all();
}

/* More gaps than the cache of mappings has places. */
static void evictions(void)
{
    void *blocks[300];
    for (unsigned i = 0; i < 300; i++) {
        blocks[i] = acre_malloc(MIB + 64 * KIB);
        if (blocks[i] != NULL)
            unit_fill(blocks[i], 600, i);
    }
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = k; i < 300; i += 2) {
            assert_true(blocks[i] == NULL || unit_is_filled(blocks[i], 600, i));
            acre_free(blocks[i]);
        }
    }
    ac_purge_all(2 * MIB, AC_ID_HELPER);
    take(9 * MIB);
    free_all();
}

static void forks(void)
{
    for (unsigned i = 0; i < 200; i++)
        take(i * 300);
    ac_fake_fork();
    for (unsigned i = 0; i < 200; i++)
        take(i * 500);
    unit_in_thread(some_thread, NULL);
    free_all();
    ac_fake_fork();
    small_burst();
}

/* Where each mapping needs a new leaf of the page map. */
static void outside_the_window(void)
{
    uintptr_t far = ac_fake_space_base() + ((uintptr_t)50 << 30);
    acre_free(acre_malloc(1));
    for (unsigned i = 0; i < 4; i++) {
        ac_fake_place_below(far - i * ((uintptr_t)5 << 30));
        take(i % 2 == 0 ? 2 * MIB : 900 * KIB); /* the first in its leaf */
        for (unsigned k = 0; k < 12; k++)
            take(900 * KIB);
        take(2 * MIB);
        take(100);
    }
    ac_fake_place_below(0);
    free_all();
}

static void mixed_work(void)
{
    uint64_t seed = 17;
    void *blocks[150] = {NULL};
    size_t sizes[150];
    for (unsigned i = 0; i < 1500; i++) {
        unsigned k = (unsigned)(unit_random(&seed) % 150);
        if (blocks[k] != NULL) {
            assert_true(unit_is_filled(blocks[k], head(sizes[k]), k));
            acre_free(blocks[k]);
            blocks[k] = NULL;
            continue;
        }
        sizes[k] = unit_random(&seed) % (i % 15 == 0 ? 2 * MIB : i % 4 == 0 ? 100 * KIB : KIB);
        blocks[k] = acre_malloc(sizes[k]);
        if (blocks[k] != NULL)
            unit_fill(blocks[k], head(sizes[k]), k);
    }
    for (unsigned k = 0; k < 150; k++)
        acre_free(blocks[k]);
}

const struct scenario scenarios[] = {
    {"small_burst", small_burst},
    {"every_class", every_class},
    {"large_blocks", large_blocks},
    {"huge_blocks", huge_blocks},
    {"realloc_chain", realloc_chain},
    {"two_realloc_chains", two_realloc_chains},
    {"aligned_blocks", aligned_blocks},
    {"zeroed_blocks", zeroed_blocks},
    {"births_of_threads", births_of_threads},
    {"remote_frees", remote_frees},
    {"trims", trims},
    {"purging_all_the_time", purging_all_the_time},
    {"evictions", evictions},
    {"outside_the_window", outside_the_window},
    {"forks", forks},
    {"mixed_work", mixed_work},
};
const size_t nscenarios = sizeof scenarios / sizeof scenarios[0];

/* SPDX-License-Identifier: MIT
 *
 * mallinfo.c -- mallinfo2 counts what is live: it grows by at least what was allocated, falls by it when
 * freed, in this thread and in others; mallinfo is the same in ints, held at INT_MAX instead of wrapping.
 */
#include <limits.h>
#include <malloc.h>
#include <pthread.h>

#include "support/family.h"

enum { SMALL_COUNT = 5000, BIG_COUNT = 8, BIG_BYTES = 3 << 20, HUGE_COUNT = 5, HUGE_BYTES = 1 << 30 };

static void *blocks[SMALL_COUNT];
static size_t block_bytes;

static size_t small_size(size_t i)
{
    return i * 7 % 1900 + 1;
}

/* Big blocks count in hblkhd, the others in uordblks. */
static size_t live_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void *allocate_small(void *unused)
{
    block_bytes = 0;
    for (size_t i = 0; i < SMALL_COUNT; i++) {
        blocks[i] = malloc(small_size(i));
        CHECK(blocks[i]);
        block_bytes += small_size(i);
    }
    return unused;
}

static void free_small(void)
{
    for (size_t i = 0; i < SMALL_COUNT; i++)
        free(blocks[i]);
}

static void small_blocks_count(void)
{
    size_t before = mallinfo2().uordblks;
    allocate_small(NULL);
    size_t during = mallinfo2().uordblks;
    CHECK_LE(before + block_bytes, during);
    CHECK_LE(during, before + block_bytes * 2 + (1 << 20));
    free_small();
    /* glibc counts what its thread caches hold as in use. */
    if (family_on_acre())
        CHECK_EQ(mallinfo2().uordblks, before);
}

static void small_blocks_of_a_dead_thread_count(void)
{
    pthread_t thread;
    /* Creating a thread may allocate for good: that is done once before. */
    CHECK_EQ(pthread_create(&thread, NULL, allocate_small, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    free_small();
    size_t before = mallinfo2().uordblks;
    CHECK_EQ(pthread_create(&thread, NULL, allocate_small, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_LE(before + block_bytes, mallinfo2().uordblks);
    free_small();
    if (family_on_acre())
        CHECK_EQ(mallinfo2().uordblks, before);
}

static void big_blocks_count(void)
{
    size_t before = live_bytes();
    for (size_t i = 0; i < BIG_COUNT; i++)
        CHECK(blocks[i] = malloc(BIG_BYTES));
    CHECK_LE(before + (size_t)BIG_COUNT * BIG_BYTES, live_bytes());
    for (size_t i = 0; i < BIG_COUNT; i++)
        free(blocks[i]);
    CHECK_LE(live_bytes(), before);
}

/* Small blocks are not in hblkhd, one of 128 KiB is (glibc's first threshold, LTP's mallinfo02). */
static void big_blocks_are_apart(void)
{
    struct mallinfo2 before = mallinfo2();
    void *small = malloc(20 * 1024);
    CHECK_EQ(mallinfo2().hblkhd, before.hblkhd);
    void *big = malloc(128 * 1024);
    struct mallinfo2 after = mallinfo2();
    CHECK_LE(before.hblkhd + 128 * 1024, after.hblkhd);
    CHECK_EQ(after.hblks, before.hblks + 1);
    free(small);
    free(big);
    CHECK_EQ(mallinfo2().hblkhd, before.hblkhd);
}

static void sums_close(void)
{
    struct mallinfo2 info = mallinfo2();
    CHECK(info.arena + info.hblkhd > 0);
    CHECK_LE(info.fsmblks, info.arena);
    CHECK_LE(info.keepcost, info.arena);
    CHECK_LE(info.fordblks, info.arena);
}

static int clamped(size_t value)
{
    return value > INT_MAX ? INT_MAX : (int)value;
}

static void narrow_fields(void)
{
    struct mallinfo2 wide = mallinfo2();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
    CHECK_EQ(narrow.arena, clamped(wide.arena));
    CHECK_EQ(narrow.ordblks, clamped(wide.ordblks));
    CHECK_EQ(narrow.smblks, clamped(wide.smblks));
    CHECK_EQ(narrow.hblks, clamped(wide.hblks));
    CHECK_EQ(narrow.hblkhd, clamped(wide.hblkhd));
    CHECK_EQ(narrow.usmblks, clamped(wide.usmblks));
    CHECK_EQ(narrow.fsmblks, clamped(wide.fsmblks));
    CHECK_EQ(narrow.uordblks, clamped(wide.uordblks));
    CHECK_EQ(narrow.fordblks, clamped(wide.fordblks));
    CHECK_EQ(narrow.keepcost, clamped(wide.keepcost));
}

/* 5 GiB of address space, never touched. */
static void over_two_gigabytes(void)
{
    for (size_t i = 0; i < HUGE_COUNT; i++)
        CHECK(blocks[i] = malloc(HUGE_BYTES));
    CHECK_LE((size_t)HUGE_COUNT * HUGE_BYTES, live_bytes());
    narrow_fields();
    for (size_t i = 0; i < HUGE_COUNT; i++)
        free(blocks[i]);
    narrow_fields();
}

int main(void)
{
    big_blocks_are_apart();
    small_blocks_count();
    small_blocks_of_a_dead_thread_count();
    big_blocks_count();
    sums_close();
    narrow_fields();
    if (family_on_acre())
        over_two_gigabytes();
    return 0;
}

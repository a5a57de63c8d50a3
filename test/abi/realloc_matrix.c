/* SPDX-License-Identifier: MIT
 *
 * realloc_matrix.c -- realloc keeps the first min(old, new) bytes, for every pair of sizes and on long walks
 * through the sizes with other blocks in the way.
 */
#include <malloc.h>

#include "support/check.h"
#include "support/memory.h"

static const size_t sizes[] = {
    1,
    7,
    8,
    15,
    16,
    17,
    31,
    33,
    48,
    64,
    65,
    100,
    128,
    129,
    144,
    200,
    256,
    257,
    300,
    512,
    777,
    1024,
    1025,
    2000,
    4095,
    4096,
    4097,
    5000,
    8192,
    8193,
    12288,
    16384,
    20000,
    28672,
    32767,
    32768,
    32769,
    36864,
    50000,
    65535,
    65536,
    65537,
    100000,
    131072,
    131073,
    200000,
    262144,
    300001,
    524288,
    1000000,
    1 << 20,
    (1 << 20) + 1,
    (2 << 20) - 4096,
    2 << 20,
    (2 << 20) + 1,
    3000000,
    4 << 20,
    (5 << 20) + 123,
    8 << 20,
    20 << 20,
    (33 << 20) + 77,
};

enum {
    COUNT = sizeof sizes / sizeof sizes[0],
    WALKERS = 60,
    WALK_STEPS = 30000,
    WALK_LIMIT_BYTES = 48 << 20
};

/* Big blocks are written sparsely: what counts is that pages arrive in order. */
static size_t stride_of(size_t size)
{
    return size <= 70000 ? 1 : size <= MEMORY_MIB + 1 ? 509 : 16381;
}

static void check_pair(size_t from, size_t to)
{
    size_t stride = stride_of(from > to ? from : to), kept = from < to ? from : to;
    CHECK_CASE("from %zu to %zu", from, to);
    unsigned char *block = malloc(from);
    CHECK(block);
    memory_fill(block, from, from + to, stride);
    block = realloc(block, to);
    CHECK(block);
    CHECK_LE(to, malloc_usable_size(block));
    CHECK(memory_holds(block, kept, from + to, stride));
    CHECK(from > to || memory_tail_holds(block, from, from + to));
    block[0] = block[to - 1] = 1;
    free(block);
}

static uint64_t seed = 88172645463325252u;

static size_t random_below(size_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % limit);
}

static struct walker {
    unsigned char *block;
    size_t size;
    size_t id;
} walkers[WALKERS];

static size_t live_bytes;

/* Small sizes are met most, huge ones now and then. */
static size_t random_size(void)
{
    size_t top = sizes[random_below(COUNT)];
    return 1 + random_below(random_below(8) ? (top < 70000 ? top : 70000) : top);
}

static void step(struct walker *walker, size_t id)
{
    size_t old = walker->size, size = random_size();
    if (live_bytes - old + size > WALK_LIMIT_BYTES)
        size = 1 + random_below(100);
    CHECK_CASE("walk step %zu, from %zu to %zu", id, old, size);
    CHECK(old == 0 || memory_holds(walker->block, old, walker->id, stride_of(old)));
    unsigned char *block = realloc(walker->block, size);
    CHECK(block);
    CHECK(memory_holds(block, old < size ? old : size, walker->id, stride_of(old)));
    *walker = (struct walker){block, size, id};
    memory_fill(block, size, id, stride_of(size));
    live_bytes += size - old;
}

int main(void)
{
    for (size_t i = 0; i < COUNT * COUNT; i++)
        check_pair(sizes[i / COUNT], sizes[i % COUNT]);
    for (size_t id = 1; id <= WALK_STEPS; id++)
        step(&walkers[random_below(WALKERS)], id);
    for (size_t i = 0; i < WALKERS; i++)
        free(walkers[i].block);
    return 0;
}

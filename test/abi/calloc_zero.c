/* SPDX-License-Identifier: MIT
 *
 * calloc_zero.c -- calloc's blocks are zero over their whole usable size, on memory that was used before.
 *
 * Memory is dirtied by blocks of one size, freed, and taken again by blocks of the same or another size, with
 * and without a trim between, whole or in part, and in random order.
 */
#include <malloc.h>

#include "support/check.h"
#include "support/memory.h"

enum { MOST_BLOCKS = 4000, BUDGET_BYTES = 12 * MEMORY_MIB, RANDOM_SLOTS = 300, RANDOM_STEPS = 60000 };

static void *blocks[MOST_BLOCKS];

static const size_t sizes[] = {
    1,     16,    17,     32,     48,     100,     128,           129,     256,     500,     1024,
    1500,  2048,  4096,   5000,   8192,   10000,   16384,         20000,   32768,   32769,   40000,
    65536, 70000, 131072, 200000, 300000, 1 << 20, (1 << 20) + 1, 2 << 20, 3 << 20, 5 << 20, 9 << 20,
};

enum { SIZE_COUNT = sizeof sizes / sizeof sizes[0] };

static size_t count_for(size_t size)
{
    size_t count = BUDGET_BYTES / (size + 16);
    return count < 2 ? 2 : count > MOST_BLOCKS ? MOST_BLOCKS : count;
}

static void dirty(size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        blocks[i] = malloc(size);
        CHECK(blocks[i]);
        memset(blocks[i], 0xff, malloc_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
}

static void *zeroed(size_t count, size_t size)
{
    void *block = calloc(count, size);
    CHECK(block);
    CHECK_LE(count * size, malloc_usable_size(block));
    CHECK(memory_is_zero(block, malloc_usable_size(block)));
    return block;
}

static void expect_zero(size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++)
        blocks[i] = size % 4 == 0 ? zeroed(size / 4, 4) : zeroed(1, size);
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
}

static void same_size(size_t size)
{
    CHECK_CASE("dirtied and taken again at %zu bytes", size);
    size_t count = count_for(size);
    dirty(size, count);
    expect_zero(size, count);
    dirty(size, count);
    malloc_trim(0);
    CHECK_CASE("dirtied, trimmed, taken again at %zu bytes", size);
    expect_zero(size, count);
}

static void other_size(size_t dirty_size, size_t size)
{
    CHECK_CASE("dirtied at %zu bytes, taken at %zu", dirty_size, size);
    dirty(dirty_size, count_for(dirty_size) / 8 + 1);
    expect_zero(size, count_for(size) / 8 + 1);
}

/* Only the far end of a big block was touched; then pieces of the block are taken. */
static void touched_in_part(size_t size)
{
    CHECK_CASE("%zu bytes touched in part", size);
    for (size_t at = 0; at < size; at += size / 7 + 1) {
        unsigned char *block = malloc(size);
        CHECK(block);
        memset(block + at, 0xee, size - at < 100 ? size - at : 100);
        block[size - 1] = 0xee;
        free(block);
        free(zeroed(1, size));
        free(zeroed(size / 2, 1));
        free(zeroed(3, size / 10 + 1));
    }
}

/* A tail that realloc gave back is dirty memory too. */
static void after_shrink(size_t size)
{
    CHECK_CASE("tail of %zu bytes given back by realloc", size);
    unsigned char *block = malloc(size);
    CHECK(block);
    memset(block, 0xff, malloc_usable_size(block));
    block = realloc(block, size / 3 + 1);
    CHECK(block);
    void *tail = zeroed(1, size / 2 + 1), *small = zeroed(1, size / 10 + 1);
    free(block);
    free(tail);
    free(small);
}

static uint32_t seed = 2463534242u;

static uint32_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static void random_mix(void)
{
    for (size_t i = 0; i < MOST_BLOCKS; i++)
        blocks[i] = NULL;
    for (size_t i = 0; i < RANDOM_STEPS; i++) {
        void **slot = &blocks[random_number() % RANDOM_SLOTS];
        size_t top = sizes[random_number() % (random_number() % 64 ? 24 : SIZE_COUNT)];
        size_t size = random_number() % top + 1;
        CHECK_CASE("random step %zu, %zu bytes", i, size);
        free(*slot);
        *slot = random_number() % 2 ? zeroed(1, size) : malloc(size);
        CHECK(*slot);
        memset(*slot, 0xa5, malloc_usable_size(*slot));
    }
    for (size_t i = 0; i < RANDOM_SLOTS; i++)
        free(blocks[i]);
}

/* M_PERTURB fills blocks with a byte; calloc's must be zero all the same. */
static void under_perturb(void)
{
    CHECK_EQ(mallopt(M_PERTURB, 0x5a), 1);
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        CHECK_CASE("M_PERTURB, %zu bytes", sizes[i]);
        dirty(sizes[i], 3);
        expect_zero(sizes[i], 3);
    }
    CHECK_EQ(mallopt(M_PERTURB, 0), 1);
}

int main(void)
{
    for (size_t i = 0; i < SIZE_COUNT; i++)
        same_size(sizes[i]);
    for (size_t i = 0; i < SIZE_COUNT * SIZE_COUNT; i++)
        other_size(sizes[i / SIZE_COUNT], sizes[i % SIZE_COUNT]);
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        if (sizes[i] >= 1000) {
            touched_in_part(sizes[i]);
            after_shrink(sizes[i]);
        }
    }
    random_mix();
    under_perturb();
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * realloc_shrink.c -- a block that shrinks gives its memory back: 300 MiB cut to 100 KB leaves about 100 KB.
 */
#include <malloc.h>

#include "support/family.h"
#include "support/memory.h"

enum { SMALL_BYTES = 100 * 1000, TAIL_SLACK_BYTES = MEMORY_MIB, CACHE_SLACK_BYTES = 6 * MEMORY_MIB };

static void touch(char *block, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += 4096)
        block[at] = (char)(at >> 12);
}

static void check_kept(const char *block, size_t size)
{
    for (size_t at = 0; at < size; at += 4096)
        CHECK_EQ(block[at], (char)(at >> 12));
}

/* One cut from `big` bytes; at most `slack` bytes may stay resident beyond the small block. */
static void one_cut(size_t big, size_t slack)
{
    CHECK_CASE("%zu bytes cut to %d", big, SMALL_BYTES);
    size_t before = memory_resident_bytes();
    char *block = malloc(big);
    CHECK(block);
    touch(block, 0, big);
    CHECK_LE(before + big - MEMORY_MIB, memory_resident_bytes());
    block = realloc(block, SMALL_BYTES);
    CHECK(block);
    check_kept(block, SMALL_BYTES);
    CHECK_LE(memory_resident_bytes(), before + SMALL_BYTES + slack);
    free(block);
}

/* The same for a block that grew step by step and shrinks step by step. */
static void grown_then_halved(size_t big)
{
    CHECK_CASE("grown to %zu, halved down", big);
    size_t before = memory_resident_bytes(), size = SMALL_BYTES;
    char *block = malloc(size);
    CHECK(block);
    touch(block, 0, size);
    while (size < big) {
        block = realloc(block, size * 2);
        CHECK(block);
        touch(block, (size + 4095) / 4096 * 4096, size * 2);
        size *= 2;
    }
    check_kept(block, size);
    while (size > SMALL_BYTES) {
        block = realloc(block, size / 2);
        CHECK(block);
        size /= 2;
        check_kept(block, size);
        CHECK_LE(memory_resident_bytes(), before + size + CACHE_SLACK_BYTES);
    }
    free(block);
}

int main(void)
{
    one_cut(300u << 20, TAIL_SLACK_BYTES);
    one_cut(300u << 20, TAIL_SLACK_BYTES);
    one_cut(20u << 20, CACHE_SLACK_BYTES);
    one_cut(3u << 20, CACHE_SLACK_BYTES);
    grown_then_halved(200u << 20);
    return 0;
}

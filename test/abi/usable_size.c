/* SPDX-License-Identifier: MIT
 *
 * usable_size.c -- malloc_usable_size: 0 for NULL, at least what was asked, the same for the block's whole
 * life, and every byte of it the program's own.
 */
#include <malloc.h>
#include <pthread.h>

#include "support/family.h"
#include "support/memory.h"

enum { LIVE = 3000, LAST_SIZE = 70000 };

static struct live {
    unsigned char *block;
    size_t size;
    size_t usable;
} live[LIVE];

static size_t size_at(size_t i)
{
    return i < 1500 ? i : i < 2900 ? i * 23 : (i - 2899) * 20011;
}

static void fill_all(void)
{
    for (size_t i = 0; i < LIVE; i++) {
        struct live *it = &live[i];
        it->size = size_at(i);
        it->block = malloc(it->size);
        CHECK(it->block);
        it->usable = malloc_usable_size(it->block);
        CHECK_LE(it->size, it->usable);
        CHECK(it->usable > 0);
        memory_fill(it->block, it->usable, i, 1);
    }
}

/* If usable bytes overlapped, or the allocator kept anything in them, a pattern would be broken. */
static void check_all(const char *when)
{
    for (size_t i = 0; i < LIVE; i++) {
        if (!live[i].block)
            continue;
        CHECK_CASE("block of %zu bytes, %s", live[i].size, when);
        CHECK_EQ(malloc_usable_size(live[i].block), live[i].usable);
        CHECK(memory_holds(live[i].block, live[i].usable, i, 1));
    }
}

static void free_every(size_t step, size_t first)
{
    for (size_t i = first; i < LIVE; i += step) {
        free(live[i].block);
        live[i].block = NULL;
    }
}

static void *other_thread(void *unused)
{
    for (int round = 0; round < 20; round++) {
        void *blocks[64];
        for (size_t i = 0; i < 64; i++)
            blocks[i] = memset(malloc(i * 37 + 1), 0xff, i * 37 + 1);
        for (size_t i = 0; i < 64; i++)
            free(blocks[i]);
    }
    free_every(3, 1);
    return unused;
}

static void every_size_every_function(void)
{
    for (const struct family *row = NULL; (row = family_next(row));) {
        CHECK_CASE("%s", row->name);
        for (size_t size = 0; size < LAST_SIZE; size += size < 600 ? 1 : 331) {
            unsigned char *block = family_alloc(row, size);
            CHECK(block);
            size_t usable = malloc_usable_size(block);
            CHECK_LE(size, usable);
            memset(block, 0xff, usable);
            CHECK_EQ(malloc_usable_size(block), usable);
            free(block);
        }
    }
}

/* Rounding costs at most an eighth, and 24 bytes where that is more. */
static void waste_is_bounded(void)
{
    for (size_t size = 1; size <= 32768; size++) {
        void *block = malloc(size);
        CHECK(block);
        CHECK_CASE("usable size of malloc(%zu)", size);
        CHECK_LE(malloc_usable_size(block), size + size / 8 + 24);
        free(block);
    }
}

int main(void)
{
    pthread_t thread;
    family_open();
    CHECK_EQ(malloc_usable_size(NULL), 0);
    fill_all();
    check_all("filled");
    CHECK_EQ(pthread_create(&thread, NULL, other_thread, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    check_all("a third freed by another thread");
    free_every(3, 2);
    (void)malloc_trim(0);
    check_all("two thirds freed and trimmed");
    free_every(1, 0);
    every_size_every_function();
    waste_is_bounded();
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The table of mappings is full (vm.max_map_count): no mapping can be made or split any more. Free never
 * fails and keeps errno, allocation succeeds or says ENOMEM, contents stay; when the table has room again
 * all is well.
 */
#include "life/life.h"

#include <sys/mman.h>

enum { HELD = 400, MOST_MAPS = 300000, PAGE = 4096 };

static size_t nfilled;
static char *filler;

/* Every second page of a region gets another protection, so every page is a mapping of its own. */
static void fill_table(void)
{
    filler =
        mmap(NULL, (size_t)MOST_MAPS * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(filler != MAP_FAILED);
    for (nfilled = 1; nfilled < MOST_MAPS; nfilled += 2)
        if (mprotect(filler + nfilled * PAGE, PAGE, PROT_READ) != 0)
            break;
    if (nfilled >= MOST_MAPS)
        check_skip("vm.max_map_count is over %d: the table of mappings is NOT filled here", MOST_MAPS);
    while (mmap(NULL, PAGE, nfilled++ % 2 ? PROT_READ : PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED)
        ;
    CHECK_ERRNO(ENOMEM);
}

static void free_keeping_errno(void *block)
{
    life_check_seal(block);
    errno = 77;
    free(block);
    CHECK_ERRNO(77);
}

/* Sizes from 16 bytes to 20 MiB; big ones are sealed at their head only. */
static size_t size_of(size_t i)
{
    return (size_t)16 << i % 20 | (i % 7 * 24);
}

static void *make(size_t i)
{
    size_t size = size_of(i) + (i % 40 == 39 ? 20 * LIFE_MIB : 0);
    errno = 0;
    void *block = i % 3 == 0 ? calloc(1, size) : i % 3 == 1 ? malloc(size) : aligned_alloc(4096, size);
    if (block == NULL) {
        CHECK_ERRNO(ENOMEM);
        return NULL;
    }
    if (i % 3 == 0)
        life_check_zero(block, size < 10000 ? size : 10000);
    life_seal(block, size < 10000 ? size : 10000, i);
    return block;
}

/* A realloc that works keeps the contents, one that fails leaves the block. */
static void resize(void **block, size_t size)
{
    size_t sealed = life_check_seal(*block);
    errno = 0;
    void *moved = realloc(*block, size);
    if (moved == NULL) {
        CHECK_ERRNO(ENOMEM);
        return;
    }
    life_check_prefix(moved, sealed < size ? sealed : size);
    life_seal(moved, size < 10000 ? size : 10000, size);
    *block = moved;
}

/* One turn with the table full: takes, resizes and frees; nothing of it may crash. Returns how many were
 * refused. */
static size_t use_full_table(void **held, size_t turn)
{
    size_t nrefused = 0;
    for (size_t i = turn; i < HELD; i += 3) {
        if (held[i] == NULL) {
            held[i] = make(i + turn);
            nrefused += held[i] == NULL;
        } else if (i % 2 == 0) {
            free_keeping_errno(held[i]);
            held[i] = NULL;
        } else {
            resize(&held[i], turn % 2 ? size_of(i * 5) : size_of(i) / 2 + 16);
        }
    }
    return nrefused;
}

int main(void)
{
    static void *held[HELD];
    life_deadline(60, "a full table of mappings");
    for (size_t i = 0; i < HELD; i++)
        held[i] = make(i);
    fill_table();
    check_note("the table is full after %zu mappings", nfilled);
    size_t nrefused = 0;
    for (size_t turn = 0; turn < 30; turn++)
        nrefused += use_full_table(held, turn % 3);
    malloc_trim(0);
    for (size_t i = 0; i < HELD; i++)
        if (i % 2 == 0 && held[i] != NULL) {
            free_keeping_errno(held[i]);
            held[i] = NULL;
        }
    CHECK_EQ(munmap(filler, (size_t)MOST_MAPS * PAGE), 0);
    for (size_t i = 0; i < HELD; i++)
        if (held[i] != NULL)
            free_keeping_errno(held[i]);
    check_note("%zu allocations were refused meanwhile", nrefused);
    for (size_t i = 0; i < HELD; i++) {
        held[i] = make(i);
        CHECK(held[i] != NULL);
    }
    for (size_t i = 0; i < HELD; i++)
        free_keeping_errno(held[i]);
    life_use_every_class(1);
    return 0;
}

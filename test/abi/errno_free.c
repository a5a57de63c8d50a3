/* SPDX-License-Identifier: MIT
 *
 * errno_free.c -- whatever frees keeps errno, even when the table of mappings is full and munmap must fail.
 *
 * With the table full the rest of the interface still has to work or to say ENOMEM; and once the table has
 * room again everything works as before.
 */
#include <malloc.h>
#include <sys/mman.h>

#include "support/family.h"
#include "support/memory.h"

enum { HELD = 24, MAX_MAPS_TRIED = 300000 };

static const int values[] = {0, 1, EINVAL, ENOMEM, EAGAIN, 12345, -1};
static const size_t sizes[] = {0,     1,     24,     100,    1000,    4096,   20000,
                               32768, 40000, 150000, 700000, 3 << 20, 9 << 20};

enum { VALUE_COUNT = sizeof values / sizeof values[0], SIZE_COUNT = sizeof sizes / sizeof sizes[0] };

enum freer_shape { FREE_BLOCK, FREE_SIZED, FREE_ALIGNED, FREE_BY_REALLOC, DELETE_NOTHROW };

/* Freeing functions by name; operator delete takes the same arguments as its namesake here. */
static const struct freer {
    const char *name;
    enum freer_shape shape;
} freers[] = {
    {"free", FREE_BLOCK},
    {"__libc_free", FREE_BLOCK},
    {"acre_free", FREE_BLOCK},
    {"_ZdlPv", FREE_BLOCK},
    {"_ZdaPv", FREE_BLOCK},
    {"free_sized", FREE_SIZED},
    {"acre_free_sized", FREE_SIZED},
    {"_ZdlPvm", FREE_SIZED},
    {"_ZdaPvm", FREE_SIZED},
    {"free_aligned_sized", FREE_ALIGNED},
    {"acre_free_aligned_sized", FREE_ALIGNED},
    {"_ZdlPvRKSt9nothrow_t", DELETE_NOTHROW},
    {"_ZdaPvRKSt9nothrow_t", DELETE_NOTHROW},
    {"realloc", FREE_BY_REALLOC},
    {"cfree", FREE_BLOCK},
};

enum { FREER_COUNT = sizeof freers / sizeof freers[0] };

static void *freer_address[FREER_COUNT];

static void release(size_t freer, void *block, size_t size)
{
    void *function = freer_address[freer];
    switch (freers[freer].shape) {
    case FREE_BLOCK:
        ((void (*)(void *))function)(block);
        break;
    case FREE_SIZED:
        ((void (*)(void *, size_t))function)(block, size);
        break;
    case FREE_ALIGNED:
        ((void (*)(void *, size_t, size_t))function)(block, 64, size);
        break;
    case FREE_BY_REALLOC:
        CHECK_EQ(((void *(*)(void *, size_t))function)(block, 0), NULL);
        break;
    case DELETE_NOTHROW:
        ((void (*)(void *, const void *))function)(block, "");
        break;
    }
}

static void *make(size_t freer, size_t size)
{
    void *block = freers[freer].shape == FREE_ALIGNED ? aligned_alloc(64, size) : malloc(size);
    CHECK(block);
    memset(block, 1, size);
    return block;
}

static void check_freer(size_t freer, size_t size)
{
    void *held[HELD];
    int count = size > MEMORY_MIB ? 3 : HELD;
    for (int i = 0; i < count; i++)
        held[i] = make(freer, size);
    for (int i = 0; i < count; i++) {
        int value = values[i % VALUE_COUNT];
        errno = value;
        release(freer, held[i], size);
        CHECK_ERRNO(value);
    }
    errno = 77;
    if (freers[freer].shape != FREE_BY_REALLOC)
        release(freer, NULL, size);
    CHECK_ERRNO(77);
}

static void check_all_freers(const char *when)
{
    for (size_t freer = 0; freer < FREER_COUNT; freer++) {
        for (size_t i = 0; freer_address[freer] && i < SIZE_COUNT; i++) {
            CHECK_CASE("%s, size %zu, %s", freers[freer].name, sizes[i], when);
            check_freer(freer, sizes[i]);
        }
    }
}

struct filler {
    char *base;
    size_t bytes;
};

/* Fills the table of mappings: every second page of a reserved region gets another protection. */
static bool fill_table(struct filler *filler)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    filler->bytes = page * MAX_MAPS_TRIED;
    filler->base = mmap(NULL, filler->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(filler->base != MAP_FAILED);
    for (size_t i = 1; i < MAX_MAPS_TRIED; i += 2) {
        if (mprotect(filler->base + i * page, page, PROT_READ) != 0)
            return true;
    }
    return false;
}

static void *held_while_full[SIZE_COUNT][HELD];

static void hold_blocks(void)
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        for (size_t k = 0; k < HELD; k++) {
            held_while_full[i][k] = malloc(sizes[i]);
            CHECK(held_while_full[i][k]);
            memory_fill(held_while_full[i][k], sizes[i], i + k, 4096);
        }
    }
}

static void free_held(size_t first)
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        for (size_t k = first; k < HELD; k += 2) {
            CHECK_CASE("held block of %zu, number %zu", sizes[i], k);
            CHECK(memory_holds(held_while_full[i][k], sizes[i], i + k, 4096));
            errno = values[k % VALUE_COUNT];
            free(held_while_full[i][k]);
            CHECK_ERRNO(values[k % VALUE_COUNT]);
        }
    }
}

/* A block, or NULL with ENOMEM; and realloc that fails leaves the block as it was. */
static void whole_interface_while_full(void)
{
    for (const struct family *row = NULL; (row = family_next(row));) {
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            CHECK_CASE("%s of %zu, table full", row->name, sizes[i]);
            errno = 0;
            char *block = family_alloc(row, sizes[i]);
            int error = errno;
            CHECK(block || error == ENOMEM);
            if (!block)
                continue;
            memory_fill(block, sizes[i], i, 4096);
            char *grown = realloc(block, sizes[i] * 3 + 1);
            CHECK(grown || errno == ENOMEM);
            CHECK(memory_holds(grown ? grown : block, sizes[i], i, 4096));
            free(grown ? grown : block);
        }
    }
}

int main(void)
{
    family_open();
    for (size_t i = 0; i < FREER_COUNT; i++) {
        freer_address[i] = dlsym(RTLD_DEFAULT, freers[i].name);
        CHECK_CASE("%s", freers[i].name);
        CHECK(!family_on_acre() || freer_address[i]);
    }
    check_all_freers("room for mappings");

    struct filler filler;
    hold_blocks();
    if (!fill_table(&filler))
        check_skip("vm.max_map_count is over %d: the table of mappings cannot be filled quickly",
                   MAX_MAPS_TRIED);
    free_held(0);
    whole_interface_while_full();
    free_held(1);
    CHECK_EQ(munmap(filler.base, filler.bytes), 0);
    check_all_freers("after the table was full");
    return 0;
}

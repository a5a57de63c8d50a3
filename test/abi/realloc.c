/* SPDX-License-Identifier: MIT
 *
 * realloc.c -- the rules of realloc: NULL is malloc, size 0 frees and gives NULL, a fitting size does not
 * move, aligned blocks keep 16, and nothing is lost on the way.
 */
#include <malloc.h>
#include <sys/mman.h>

#include "support/family.h"
#include "support/memory.h"

typedef void *resize_function(void *, size_t);

static resize_function *resize;
static bool on_acre;

static const size_t big_sizes[] = {
    32768, 32769, 40000, 65536, 100000, 131072, 200000, 300000, 1 << 20, (2 << 20) + 5, 9 << 20, 70 << 20,
};

enum { BIG_COUNT = sizeof big_sizes / sizeof big_sizes[0] };

static void null_is_malloc(size_t size)
{
    errno = 0;
    char *block = resize(NULL, size);
    CHECK(block);
    CHECK_ERRNO(0);
    CHECK_LE(size, malloc_usable_size(block));
    memset(block, 1, size);
    free(block);
}

/* The same size again and the usable one stay (glibc moves its mapped blocks for the latter). */
static void fitting_size_stays(size_t size)
{
    CHECK_CASE("fitting size, block of %zu", size);
    char *block = malloc(size);
    CHECK(block);
    size_t usable = malloc_usable_size(block);
    memory_fill(block, usable, size, 64);
    CHECK_EQ(resize(block, size), block);
    if (on_acre || size < 5000) {
        CHECK_EQ(resize(block, usable), block);
        CHECK_EQ(malloc_usable_size(block), usable);
    }
    CHECK(memory_holds(block, usable, size, 64));
    free(block);
}

/* A block that was resized to a size is as good as one made with it (glibc may move it once more). */
static void resized_stays_too(size_t from, size_t size)
{
    CHECK_CASE("from %zu to %zu and to its usable size", from, size);
    char *block = resize(check_escape(malloc(from)), size);
    CHECK(block);
    size_t usable = malloc_usable_size(block);
    CHECK_LE(size, usable);
    char *again = resize(block, usable);
    CHECK(again == block || !on_acre);
    again = resize(again, size);
    CHECK(again == block || !on_acre);
    free(again);
}

static void aligned_blocks(void)
{
    for (size_t alignment = 32; alignment <= 1 << 16; alignment *= 2) {
        for (size_t size = 1; size < 300000; size = size * 5 + 3) {
            CHECK_CASE("block of alignment %zu and size %zu", alignment, size);
            char *block = aligned_alloc(alignment, size);
            CHECK(block);
            size_t usable = malloc_usable_size(block);
            memory_fill(block, size, size, 1);
            char *same = resize(block, usable);
            CHECK(same == block || !on_acre);
            block = resize(same, size * 2 + 40);
            CHECK(block);
            CHECK_EQ((uintptr_t)block % 16, 0);
            CHECK(memory_holds(block, size, size, 1));
            block = resize(block, size / 2 + 1);
            CHECK(block);
            CHECK_EQ((uintptr_t)block % 16, 0);
            CHECK(memory_holds(block, size / 2 + 1, size, 1));
            free(block);
        }
    }
}

/* realloc(p, 0) in a loop must not keep the blocks. */
/* A short block of its own mapping, with no room to grow behind it. */
static void aligned_and_hemmed_in(void)
{
    enum { ALIGN = 4 << 20, BYTES = 8192, BEHIND = 1 << 20 };
    CHECK_CASE("a block aligned to %d with no room behind it", ALIGN);
    char *block = aligned_alloc(ALIGN, BYTES);
    CHECK(block);
    memory_fill(block, BYTES, 7, 1);
    for (char *at = block + BYTES; at < block + BEHIND; at += 4096)
        mmap(at, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    block = resize(block, 700);
    CHECK(block);
    CHECK(memory_holds(block, 700, 7, 1));
    free(block);
}

static void zero_frees(size_t size, size_t times)
{
    CHECK_CASE("realloc to 0 of %zu-byte blocks", size);
    size_t before = 0;
    for (size_t i = 0; i < times; i++) {
        char *block = malloc(size);
        CHECK(block);
        for (size_t at = 0; at < size; at += 4096)
            block[at] = 1;
        errno = 4711;
        CHECK_EQ(resize(block, 0), NULL);
        CHECK_ERRNO(4711);
        if (i == times / 10)
            before = memory_resident_bytes();
    }
    CHECK_LE(memory_resident_bytes(), before + 4 * MEMORY_MIB);
}

static char mark(size_t size)
{
    return (char)('a' + size % 23);
}

/* A vector that doubles and one that grows by a little, with neighbours in the way. */
static void growing_vector(bool doubling)
{
    CHECK_CASE("growing vector, doubling %d", doubling);
    size_t size = 1, limit = doubling ? 128u << 20 : 3u << 20;
    char *block = malloc(size), *neighbour = NULL;
    block[0] = mark(1);
    while (size < limit) {
        size_t next = doubling ? size * 2 : size + size / 8 + 1;
        char *grown = resize(block, next);
        CHECK(grown);
        CHECK_EQ(grown[size - 1], mark(size));
        CHECK(size == 1 || grown[0] == mark(1));
        grown[next - 1] = mark(next);
        free(neighbour);
        neighbour = malloc(next / 3 + 1);
        block = grown;
        size = next;
    }
    free(neighbour);
    free(block);
}

static void all_rules(void)
{
    for (size_t size = 0; size < 5000; size++) {
        null_is_malloc(size);
        if (size > 0)
            fitting_size_stays(size);
    }
    for (size_t i = 0; i < BIG_COUNT; i++) {
        null_is_malloc(big_sizes[i]);
        fitting_size_stays(big_sizes[i]);
        for (size_t k = 0; k < BIG_COUNT; k++)
            resized_stays_too(big_sizes[i], big_sizes[k]);
    }
    for (size_t from = 1; from < 40000; from = from * 2 + 9) {
        for (size_t to = 1; to < 40000; to += to / 5 + 1)
            resized_stays_too(from, to);
    }
    aligned_blocks();
    aligned_and_hemmed_in();
    zero_frees(1000, 200000);
    zero_frees(40000, 20000);
    zero_frees(3 << 20, 300);
}

int main(void)
{
    on_acre = family_on_acre();
    static const char *const names[] = {"realloc", "__libc_realloc", "acre_realloc"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        resize = (resize_function *)dlsym(RTLD_DEFAULT, names[i]);
        CHECK(resize || !on_acre);
        if (resize)
            all_rules();
    }
    resize = (resize_function *)dlsym(RTLD_DEFAULT, "realloc");
    growing_vector(true);
    growing_vector(false);
    return 0;
}

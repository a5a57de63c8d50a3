/* SPDX-License-Identifier: MIT
 *
 * aliases.c -- blocks of __libc_malloc, __posix_memalign, acre_malloc and all the others go into every free
 * and every realloc, in any combination.
 */
#include <malloc.h>

#include "support/family.h"
#include "support/memory.h"

static const char *const free_names[] = {
    "free", "cfree", "__libc_free", "__libc_cfree", "acre_free", "_ZdlPv", "_ZdaPv",
};
static const char *const realloc_names[] = {"realloc", "__libc_realloc", "acre_realloc"};
static const size_t sizes[] = {0, 1, 16, 40, 100, 600, 4096, 20000, 32769, 100000, 1 << 20, 5 << 20};

enum {
    FREE_COUNT = sizeof free_names / sizeof free_names[0],
    REALLOC_COUNT = sizeof realloc_names / sizeof realloc_names[0],
    SIZE_COUNT = sizeof sizes / sizeof sizes[0],
};

static void *find(const char *name)
{
    void *function = dlsym(RTLD_DEFAULT, name);
    CHECK_CASE("%s", name);
    CHECK(function || !family_on_acre());
    return function;
}

static void check_frees(const struct family *row)
{
    for (size_t k = 0; k < FREE_COUNT; k++) {
        void *release = find(free_names[k]);
        for (size_t i = 0; release && i < SIZE_COUNT; i++) {
            CHECK_CASE("%s of %zu, then %s", row->name, sizes[i], free_names[k]);
            void *block = family_alloc(row, sizes[i]);
            CHECK(block);
            ((void (*)(void *))release)(block);
        }
    }
}

static void check_reallocs(const struct family *row)
{
    for (size_t k = 0; k < REALLOC_COUNT; k++) {
        void *resize = find(realloc_names[k]);
        for (size_t i = 0; resize && i < SIZE_COUNT; i++) {
            CHECK_CASE("%s of %zu, then %s", row->name, sizes[i], realloc_names[k]);
            void *block = family_alloc(row, sizes[i]);
            CHECK(block);
            memory_fill(block, sizes[i], i, 1);
            block = ((void *(*)(void *, size_t))resize)(block, sizes[i] * 2 + 9);
            CHECK(block);
            CHECK(memory_holds(block, sizes[i], i, 1));
            free(block);
        }
    }
}

int main(void)
{
    family_open();
    for (const struct family *row = NULL; (row = family_next(row));) {
        check_frees(row);
        check_reallocs(row);
    }
    return 0;
}

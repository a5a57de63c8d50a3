/* SPDX-License-Identifier: MIT
 *
 * Machines with pages of 16 and 64 KiB, pretended with ACRE_CONF=page_size=N: the mixed workload, page
 * alignment by that size, and large blocks whose tails are given back. Argument: the page size.
 */
#include "life/life.h"

enum { THREADS = 3 };

static size_t page_size;

static void check_page_functions(void)
{
    static const size_t sizes[] = {0, 1, 100, 4096, 5000, 16384, 40000, 65536, 70000, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_CASE("%zu bytes, pages of %zu", sizes[i], page_size);
        void *from_valloc = valloc(sizes[i]), *from_pvalloc = pvalloc(sizes[i]);
        CHECK(from_valloc != NULL && from_pvalloc != NULL);
        CHECK_EQ((uintptr_t)from_valloc % page_size, 0);
        CHECK_EQ((uintptr_t)from_pvalloc % page_size, 0);
        CHECK_LE((sizes[i] + page_size - 1) / page_size * page_size, malloc_usable_size(from_pvalloc));
        memset(from_valloc, 1, malloc_usable_size(from_valloc));
        memset(from_pvalloc, 2, malloc_usable_size(from_pvalloc));
        free(from_valloc);
        free(from_pvalloc);
    }
    CHECK_CASE("%s", "");
}

static void check_resizing(void)
{
    static const size_t steps[] = {40000,   41000,    70000,   200000, 130000,
                                   3000000, 20000000, 5000000, 33000,  10};
    void *block = malloc(16);
    CHECK(block != NULL);
    life_seal(block, 16, 1);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t old_size = life_check_seal(block), size = steps[i] < 16 ? 16 : steps[i];
        block = realloc(block, size);
        CHECK(block != NULL);
        life_check_prefix(block, old_size < size ? old_size : size);
        life_seal(block, size, i);
    }
    life_free(block);
}

static void *work(void *pool)
{
    life_use_every_class(1);
    life_churn(pool, 15000, 3 * LIFE_MIB);
    for (int i = 0; i < 3; i++)
        check_resizing();
    life_pool_free(pool);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct life_pool pools[THREADS];
    pthread_t threads[THREADS];
    page_size = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    CHECK_LE(4096, page_size);
    life_deadline(60, "pretended page sizes");
    check_page_functions();
    for (size_t i = 0; i < THREADS; i++) {
        pools[i].random = i;
        threads[i] = life_thread(work, &pools[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    malloc_trim(0);
    check_page_functions();
    life_sleep_ms(1500);
    life_use_every_class(2);
    return 0;
}

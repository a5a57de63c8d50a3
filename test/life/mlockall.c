/* SPDX-License-Identifier: MIT
 *
 * mlockall(MCL_CURRENT | MCL_FUTURE): giving pages back fails with EINVAL while they are locked. A library
 * that takes such pages for zeroed hands out dirty memory from calloc.
 */
#include "life/life.h"

#include <sys/mman.h>

enum { BLOCKS = 64, TURNS = 6 };

static void dirty_and_free(size_t size)
{
    static void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(size);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 0xa5, size);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void check_calloc(size_t size)
{
    static void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = calloc(1, size);
        CHECK(blocks[i] != NULL);
        life_check_zero(blocks[i], malloc_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void *churn(void *pool)
{
    life_churn(pool, 20000, 200 * LIFE_KIB);
    life_pool_free(pool);
    return NULL;
}

int main(void)
{
    static const size_t sizes[] = {64, 1000, 8192, 20000, 100000, 300000};
    static struct life_pool pool;
    life_deadline(60, "locked memory");
    dirty_and_free(5000);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        check_skip("mlockall: %s; locked memory is NOT tested here (raise `ulimit -l` or be root)",
                   strerror(errno));
    for (size_t turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            dirty_and_free(sizes[i]);
        malloc_trim(0);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check_calloc(sizes[i]);
        life_join(life_thread(churn, &pool));
    }
    /* Long enough for memory that ages to be given back, or tried to. */
    dirty_and_free(100000);
    life_sleep_ms(2500);
    check_calloc(100000);
    CHECK_EQ(munlockall(), 0);
    dirty_and_free(100000);
    malloc_trim(0);
    check_calloc(100000);
    return 0;
}

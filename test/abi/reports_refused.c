/* SPDX-License-Identifier: MIT
 *
 * reports_refused.c -- what reports do when the system refuses them memory or their stream takes nothing:
 * they say so or are empty, and allocation goes on.
 */
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "support/check.h"
#include "support/family.h"

static FILE *full;

static void check_stream_that_fails(void)
{
    full = fopen("/dev/full", "w");
    if (full == NULL)
        check_skip("there is no /dev/full here");
    setvbuf(full, NULL, _IONBF, 0);
    CHECK(malloc_info(0, full) != 0);
}

/* From here on no mapping can be made. What was mapped before serves small blocks. */
static void check_without_memory(void)
{
    struct rlimit limit;
    void *before = malloc(100);
    CHECK(before != NULL);
    CHECK_EQ(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = 4096;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    CHECK(malloc_info(0, full) != 0);
    struct mallinfo2 wide = mallinfo2();
    CHECK_EQ(wide.arena + wide.uordblks + wide.hblkhd, 0);
    malloc_stats();
    CHECK(malloc((size_t)1 << 30) == NULL);
    free(before);
    before = malloc(100);
    CHECK(before != NULL);
    free(before);
    limit.rlim_cur = limit.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    void *again = malloc((size_t)1 << 24);
    CHECK(again != NULL);
    CHECK_LE((size_t)1 << 24, mallinfo2().hblkhd);
    free(again);
}

int main(void)
{
    if (!family_on_acre())
        check_skip("acre does not serve malloc here");
    check_stream_that_fails();
    check_without_memory();
    return 0;
}

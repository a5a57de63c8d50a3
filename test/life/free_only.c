/* SPDX-License-Identifier: MIT
 *
 * Threads that never allocate, only free what others made: each of thousands lives briefly, frees its
 * share and dies. What they free has to become usable again and nothing may be left behind with them.
 */
#include "life/life.h"

enum { WARM_UP = 300, THREADS = 6000, BLOCKS = 200 };

static void *blocks[BLOCKS];

static void *free_all(void *unused)
{
    for (size_t i = 0; i < BLOCKS; i++)
        life_free(blocks[i]);
    return unused;
}

static void run_threads(int nthreads)
{
    uint64_t random = 1;
    for (int n = 0; n < nthreads; n++) {
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = life_block(life_random_size(&random, i % 20 == 0 ? 100 * LIFE_KIB : 2000), i);
        life_join(life_thread(free_all, NULL));
    }
}

int main(void)
{
    life_deadline(100, "threads that only free");
    run_threads(WARM_UP);
    size_t rss_before = life_rss_kib();
    size_t used_before = mallinfo2().uordblks;
    run_threads(THREADS);
    size_t rss_after = life_rss_kib();
    size_t used_after = mallinfo2().uordblks;
    life_bound("RSS growth over 6000 freeing threads", rss_after > rss_before ? rss_after - rss_before : 0,
               4096, "KiB");
    life_bound("growth of live bytes", used_after > used_before ? used_after - used_before : 0, LIFE_MIB,
               "bytes");
    return 0;
}

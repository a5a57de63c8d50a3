/* SPDX-License-Identifier: MIT
 *
 * Cancellation. No function of the allocator is a cancellation point (points: a thread with a request pending
 * calls them all and is only cancelled at pthread_testcancel). A thread cancelled while it uses the heap
 * frees what it holds in its cleanup handlers and leaves a usable heap (threads: 2000 of them, with two
 * others churning).
 */
#include "life/life.h"

#include <sched.h>

enum { VICTIMS = 2000, CHURNERS = 2 };

static int passed_all;
static int stop;

static void call_everything(void)
{
    void *aligned = NULL;
    malloc_stats();
    life_use_every_class(1);
    CHECK_EQ(posix_memalign(&aligned, 64, 1000), 0);
    free(aligned);
    free(memalign(256, 100));
    free(valloc(100));
    free(pvalloc(100));
    free(aligned_alloc(32, 100));
    free(reallocarray(NULL, 100, 100));
    malloc_trim(0);
    mallopt(M_MXFAST, 64);
    CHECK_LE(1, mallinfo2().uordblks + mallinfo2().hblkhd);
    free(malloc(200 * LIFE_MIB));
    malloc_stats();
}

static void *call_with_request_pending(void *unused)
{
    int old;
    void *held = life_block(100, 1);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    call_everything();
    life_free(held);
    passed_all = 1;
    pthread_testcancel();
    return unused;
}

static void test_points(void)
{
    void *result = NULL;
    pthread_t thread = life_thread(call_with_request_pending, NULL);
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK_EQ(passed_all, 1);
    CHECK(result == PTHREAD_CANCELED);
}

static void free_pool(void *pool)
{
    life_pool_free(pool);
    free(pool);
}

static void *churn_until_cancelled(void *unused)
{
    struct life_pool *pool = calloc(1, sizeof *pool);
    CHECK(pool != NULL);
    pthread_cleanup_push(free_pool, pool);
    for (;;) {
        life_churn(pool, 20, 50 * LIFE_KIB);
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    return unused;
}

static void *churn(void *unused)
{
    struct life_pool *pool = calloc(1, sizeof *pool);
    CHECK(pool != NULL);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        life_churn(pool, 200, 50 * LIFE_KIB);
        sched_yield();
    }
    free_pool(pool);
    return unused;
}

static void test_threads(void)
{
    pthread_t churners[CHURNERS];
    for (size_t i = 0; i < CHURNERS; i++)
        churners[i] = life_thread(churn, NULL);
    size_t rss_before = 0;
    for (int n = 0; n < VICTIMS; n++) {
        void *result = NULL;
        pthread_t victim = life_thread(churn_until_cancelled, NULL);
        nanosleep(&(struct timespec){0, n % 50 * 10000}, NULL);
        CHECK_EQ(pthread_cancel(victim), 0);
        CHECK_EQ(pthread_join(victim, &result), 0);
        CHECK(result == PTHREAD_CANCELED);
        if (n == VICTIMS / 4)
            rss_before = life_rss_kib();
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < CHURNERS; i++)
        life_join(churners[i]);
    size_t rss_after = life_rss_kib();
    life_bound("RSS growth over 1500 cancelled threads", rss_after > rss_before ? rss_after - rss_before : 0,
               16 * 1024, "KiB");
    life_use_every_class(2);
}

int main(int argc, char **argv)
{
    life_deadline(60, "cancelled threads");
    if (argc > 1 && strcmp(argv[1], "points") == 0)
        test_points();
    else if (argc > 1 && strcmp(argv[1], "threads") == 0)
        test_threads();
    else
        LIFE_FAIL("case is points or threads");
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Forks of forks, 24 generations deep, each generation with two churning threads of its own when it forks;
 * every generation checks and frees a block of each of its ancestors.
 */
#include "life/life.h"

enum { DEPTH = 24, THREADS = 2, LINEAGES = 20 };

static void *heirlooms[DEPTH];
static int stop;

static void *churn(void *unused)
{
    struct life_pool *pool = calloc(1, sizeof *pool);
    CHECK(pool != NULL);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        life_churn(pool, 200, 50 * LIFE_KIB);
    life_pool_free(pool);
    free(pool);
    return unused;
}

static void begin(int generation, pthread_t *threads)
{
    CHECK_CASE("generation %d", generation);
    heirlooms[generation] = life_block((size_t)100 << generation % 12, (uint64_t)generation);
    stop = 0;
    for (size_t i = 0; i < THREADS; i++)
        threads[i] = life_thread(churn, NULL);
}

static void end(int generation, const pthread_t *threads, pid_t child)
{
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    if (child > 0)
        life_reap(child);
    for (int i = 0; i <= generation; i++)
        life_free(heirlooms[i]);
    life_use_every_class((uint64_t)generation);
    exit(0);
}

/* Each turn of the loop is lived by a new process, the child of the one before. */
static void live(void)
{
    for (int generation = 0;; generation++) {
        pthread_t threads[THREADS];
        life_child_begin();
        begin(generation, threads);
        pid_t pid = generation + 1 < DEPTH ? fork() : -1;
        if (pid == 0)
            continue;
        CHECK(pid > 0 || generation + 1 == DEPTH);
        end(generation, threads, pid);
    }
}

int main(void)
{
    life_deadline(100, "forks of forks");
    for (int n = 0; n < LINEAGES; n++) {
        pid_t pid = fork();
        if (pid == 0)
            live();
        life_reap(pid);
    }
    return 0;
}

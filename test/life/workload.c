/* SPDX-License-Identifier: MIT
 *
 * A plain mixed workload under some circumstance that the environment sets: four threads churn blocks up
 * to 2 MiB with all contents checked and pass blocks on, C library functions that allocate run in between,
 * the program forks and trims. It uses nothing but the standard interface, and passes on any allocator.
 *
 * Arguments: rounds (200 unless given); fork_alone: the fork comes before the threads, not among them.
 */
#include "life/life.h"

#include <locale.h>

enum { THREADS = 4, BOXES = 32 };

static void *boxes[BOXES];
static int nrounds = 200;

static void use_library_functions(void)
{
    char *text = NULL, *copy = strdup("a string");
    CHECK(copy != NULL);
    CHECK_LE(0, asprintf(&text, "%s and %d more", copy, 500));
    CHECK(strcmp(text, "a string and 500 more") == 0);
    free(copy);
    free(text);
    FILE *stream = open_memstream(&text, &(size_t){0});
    CHECK(stream != NULL);
    for (int i = 0; i < 1000; i++)
        fprintf(stream, "%d ", i);
    fclose(stream);
    free(text);
}

static void *churn(void *argument)
{
    struct life_pool *pool = argument;
    for (int round = 0; round < nrounds; round++) {
        life_churn(pool, 100, round % 10 == 0 ? 2 * LIFE_MIB : 30 * LIFE_KIB);
        size_t box = life_random(&pool->random) % BOXES;
        void *mine = life_block(life_random_size(&pool->random, 5000), 1);
        void *theirs = __atomic_exchange_n(&boxes[box], mine, __ATOMIC_ACQ_REL);
        if (theirs != NULL)
            life_free(theirs);
    }
    use_library_functions();
    life_pool_free(pool);
    return NULL;
}

static void fork_once(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        life_child_begin();
        life_use_every_class(2);
        _exit(0);
    }
    life_reap(pid);
}

int main(int argc, char **argv)
{
    static struct life_pool pools[THREADS];
    pthread_t threads[THREADS];
    if (argc > 1)
        nrounds = atoi(argv[1]);
    life_deadline(100, "the workload");
    setlocale(LC_ALL, "C.UTF-8");
    int fork_alone = argc > 2 && strcmp(argv[2], "fork_alone") == 0;
    life_use_every_class(1);
    if (fork_alone)
        fork_once();
    for (size_t i = 0; i < THREADS; i++) {
        pools[i].random = i;
        threads[i] = life_thread(churn, &pools[i]);
    }
    if (!fork_alone)
        fork_once();
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    for (size_t i = 0; i < BOXES; i++)
        if (boxes[i] != NULL)
            life_free(boxes[i]);
    malloc_trim(0);
    life_use_every_class(3);
    return 0;
}

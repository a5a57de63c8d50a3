/* SPDX-License-Identifier: MIT
 *
 * What a thread costs that uses the heap, over a thread that does not. The program runs itself twice, with
 * threads that allocate and with threads that do not, and compares resident memory while all threads
 * sleep; so stacks, thread records and the program cancel out.
 *
 *   holds_mix, holds_one   200 threads each hold 16 KiB of small blocks (of 8 sizes, of one size)
 *   once_one, once_some    1000 threads have allocated and freed (1 block; 100 blocks up to 1 KiB)
 *   once_burst             1000 threads have freed 200 blocks up to 8 KiB and slept 6 seconds
 *
 * The bound is 40 KiB for each thread in all cases.
 */
#include "life/life.h"

enum { MOST_THREADS = 1000, HELD_BYTES = 16 * LIFE_KIB, BOUND_KIB = 40, STACK_BYTES = 64 * LIFE_KIB };

struct plan {
    const char *name;
    int nthreads;
    unsigned settle_ms;
    void (*use)(void);
};

/* Blocks hold each other, so that holding them needs no memory but theirs. */
struct chain {
    struct chain *next;
};

static _Thread_local struct chain *held;

static void hold(size_t size)
{
    struct chain *block = malloc(size);
    CHECK(block != NULL);
    memset(block, 1, size);
    block->next = held;
    held = block;
}

static void drop_all(void)
{
    while (held != NULL) {
        struct chain *next = held->next;
        free(held);
        held = next;
    }
}

static void hold_mix(void)
{
    static const size_t sizes[] = {16, 24, 40, 64, 100, 160, 256, 500};
    size_t bytes = 0;
    for (size_t i = 0; bytes < HELD_BYTES; i++) {
        hold(sizes[i % 8]);
        bytes += sizes[i % 8];
    }
}

static void hold_one(void)
{
    for (size_t bytes = 0; bytes < HELD_BYTES; bytes += 64)
        hold(64);
}

static void use_one(void)
{
    hold(100);
    drop_all();
}

static void use_some(void)
{
    for (size_t i = 0; i < 100; i++)
        hold(16 + i * 10);
    drop_all();
}

static void use_burst(void)
{
    uint64_t random = 1;
    for (size_t i = 0; i < 200; i++)
        hold(life_random_size(&random, 8 * LIFE_KIB));
    drop_all();
}

static const struct plan plans[] = {
    {"holds_mix", 200, 0, hold_mix},  {"holds_one", 200, 0, hold_one},       {"once_one", 1000, 0, use_one},
    {"once_some", 1000, 0, use_some}, {"once_burst", 1000, 6000, use_burst},
};

static const struct plan *plan;
static int with_heap;
static pthread_barrier_t used, measured;

static void *thread_body(void *unused)
{
    if (with_heap)
        plan->use();
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&measured);
    return unused;
}

/* In a process of its own: starts the threads, measures while they sleep, prints the figure for the
 * parent. */
static int measure(void)
{
    static pthread_t threads[MOST_THREADS];
    unsigned parties = (unsigned)plan->nthreads + 1;
    pthread_attr_t attributes;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    CHECK_EQ(pthread_barrier_init(&used, NULL, parties), 0);
    CHECK_EQ(pthread_barrier_init(&measured, NULL, parties), 0);
    for (int i = 0; i < plan->nthreads; i++)
        CHECK_EQ(pthread_create(&threads[i], &attributes, thread_body, NULL), 0);
    pthread_barrier_wait(&used);
    life_sleep_ms(plan->settle_ms);
    size_t rss_kib = life_rss_kib();
    pthread_barrier_wait(&measured);
    for (int i = 0; i < plan->nthreads; i++)
        life_join(threads[i]);
    return write(STDOUT_FILENO, &rss_kib, sizeof rss_kib) == sizeof rss_kib ? 0 : 1;
}

static size_t measure_in_child(const char *heap)
{
    int ends[2];
    size_t rss_kib = 0;
    CHECK_EQ(pipe(ends), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "life.thread_cost", plan->name, heap, (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    CHECK_EQ(read(ends[0], &rss_kib, sizeof rss_kib), sizeof rss_kib);
    close(ends[0]);
    life_reap(pid);
    return rss_kib;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (argc > 1 && strcmp(argv[1], plans[i].name) == 0)
            plan = &plans[i];
    CHECK(plan != NULL); /* case is one of those above */
    life_deadline(60, "threads that use the heap");
    if (argc > 2) {
        with_heap = strcmp(argv[2], "heap") == 0;
        return measure();
    }
    size_t without = measure_in_child("none"), with = measure_in_child("heap");
    check_note("%d threads: %zu KiB resident without the heap, %zu KiB with it", plan->nthreads, without,
               with);
    CHECK_LE(without, with);
    life_bound("cost of one thread", (with - without) * LIFE_KIB / (size_t)plan->nthreads,
               BOUND_KIB * LIFE_KIB, "bytes");
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * concurrent_reports.c -- trim, mallinfo, malloc_info, malloc_stats and mallopt run while threads allocate,
 * hand blocks to each other and free them; nothing hangs and no block's contents change.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "support/check.h"
#include "support/memory.h"

enum { THREADS = 4, SLOTS = 512, ROUNDS = 120, BATCH = 2000, LARGEST = 60000 };

/* Blocks wait here for whoever swaps them out; the first word of a block is its size. */
static _Atomic(size_t *) slots[SLOTS];
static atomic_int working = THREADS;

static void give_and_take(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    size_t random = (size_t)(*seed >> 33), size = random % (random % 16 ? 700 : LARGEST) + sizeof(size_t);
    size_t *block = malloc(size);
    CHECK(block);
    memory_fill(block, size, size, 97);
    block[0] = size;
    size_t *other = atomic_exchange(&slots[random / 65536 % SLOTS], block);
    if (!other)
        return;
    size = other[0];
    CHECK(memory_span_holds((unsigned char *)other, sizeof(size_t), size < 256 ? size : 256, size, 1));
    CHECK(size < 512 || memory_tail_holds(other, size, size));
    free(other);
}

static void *worker(void *number)
{
    uint64_t seed = (uint64_t)(uintptr_t)number * 7919 + 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BATCH; i++)
            give_and_take(&seed);
    }
    atomic_fetch_sub(&working, 1);
    return NULL;
}

static void report_once(int round)
{
    char *text = NULL;
    size_t length = 0;
    (void)malloc_trim(0);
    struct mallinfo2 info = mallinfo2();
    CHECK(info.uordblks < (size_t)1 << 40);
    FILE *stream = open_memstream(&text, &length);
    CHECK(stream);
    CHECK_EQ(malloc_info(0, stream), 0);
    CHECK_EQ(fclose(stream), 0);
    CHECK(strstr(text, "</malloc>"));
    free(text);
    CHECK_EQ(mallopt(M_TRIM_THRESHOLD, 1 << 20), 1);
    if (round % 16 == 0)
        malloc_stats();
}

int main(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, worker, (void *)i), 0);
    for (int round = 0; round == 0 || atomic_load(&working) > 0; round++) {
        report_once(round);
        usleep(2000);
    }
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < SLOTS; i++)
        free(slots[i]);
    return 0;
}

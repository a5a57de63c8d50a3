/* SPDX-License-Identifier: MIT
 *
 * A limit on memory that is set late, when the heap is in use: allocation fails with NULL and ENOMEM,
 * nothing else breaks, and after something has been freed it works again.
 *
 *   as       RLIMIT_AS, 48 MiB above the present use: fill with every size in turn, free, fill again
 *   data     the same with RLIMIT_DATA
 *   threads  RLIMIT_AS at 200 MiB: threads allocate with every function until each has failed often enough
 *   hole     RLIMIT_AS is used up; when 64 KiB become free again, malloc(10000) gets them
 */
#include "life/life.h"

#include <sys/mman.h>
#include <sys/resource.h>

enum {
    ROOM = 48 * LIFE_MIB,
    THREADS = 8,
    LEAST_FAILURES = 200,
    THREAD_LIMIT = 200 * LIFE_MIB,
    CHAIN_MIN = 16
};

static void limit(int resource, size_t bytes)
{
    struct rlimit now;
    CHECK_EQ(getrlimit((__rlimit_resource_t)resource, &now), 0);
    now.rlim_cur = bytes;
    CHECK_EQ(setrlimit((__rlimit_resource_t)resource, &now), 0);
}

/* Blocks in a chain: fills memory without memory of its own. Every byte of each is written. */
struct chain {
    struct chain *next;
};

static size_t fill(struct chain **head, size_t size)
{
    size_t n = 0;
    for (;; n++) {
        errno = 0;
        struct chain *block = malloc(size);
        if (block == NULL)
            break;
        memset(block, 0x5a, size < 256 * LIFE_KIB ? size : CHAIN_MIN);
        block->next = *head;
        *head = block;
    }
    CHECK_ERRNO(ENOMEM);
    return n;
}

static void drain(struct chain **head)
{
    while (*head != NULL) {
        struct chain *next = (*head)->next;
        errno = 77;
        free(*head);
        CHECK_ERRNO(77);
        *head = next;
    }
}

/* With memory full, a block that cannot grow stays whole, and every other function fails the same way. */
static void fail_every_way(void *held)
{
    void *aligned = held;
    size_t too_much = ROOM * (size_t)2;
    errno = 0;
    CHECK(calloc(1, too_much) == NULL);
    CHECK_ERRNO(ENOMEM);
    errno = 0;
    CHECK(realloc(held, too_much) == NULL);
    CHECK_ERRNO(ENOMEM);
    errno = 0;
    CHECK(aligned_alloc(4096, too_much) == NULL);
    CHECK_ERRNO(ENOMEM);
    errno = 0;
    CHECK(valloc(too_much) == NULL);
    CHECK_ERRNO(ENOMEM);
    CHECK_EQ(posix_memalign(&aligned, 64, too_much), ENOMEM);
    CHECK(aligned == held);
    life_check_seal(held);
}

static void test_limit(int resource, const char *key)
{
    static const size_t sizes[] = {16,    48,     200,     1000,    4000,    10000,    32768,
                                   40000, 200000, 1 << 20, 3 << 20, 9 << 20, 20 << 20, 16};
    void *held = life_block(5000, 1);
    life_use_every_class(1);
    limit(resource, life_proc_number("/proc/self/status", key) * LIFE_KIB + ROOM);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_CASE("filled with blocks of %zu bytes", sizes[i]);
        struct chain *head = NULL, *second = NULL;
        size_t first_fill = fill(&head, sizes[i]);
        fail_every_way(held);
        drain(&head);
        size_t second_fill = fill(&second, sizes[i]);
        drain(&second);
        check_note("blocks of %8zu bytes: %7zu fit (%zu MiB), %7zu once more", sizes[i], first_fill,
                   first_fill * sizes[i] / LIFE_MIB, second_fill);
        CHECK_LE(ROOM / 2, (first_fill + 1) * sizes[i]);
        CHECK_LE(first_fill * 8 / 10, second_fill);
    }
    life_use_every_class(2);
    life_free(held);
}

static void *allocate_by(unsigned way, size_t size)
{
    void *block = NULL;
    switch (way % 6) {
    case 0:
        return malloc(size);
    case 1:
        return calloc(1, size);
    case 2:
        return realloc(NULL, size);
    case 3:
        return memalign(256, size);
    case 4:
        return valloc(size);
    default:
        return posix_memalign(&block, 64, size) == 0 ? block : NULL;
    }
}

static pthread_barrier_t all_started;

static void *fail_often(void *argument)
{
    uint64_t random = *(uint64_t *)argument;
    struct chain *head = NULL;
    pthread_barrier_wait(&all_started);
    for (int nfailures = 0; nfailures < LEAST_FAILURES;) {
        uint64_t r = life_random(&random);
        errno = 0;
        struct chain *block = allocate_by((unsigned)(r % 6), (size_t)100 << (r >> 8) % 15);
        if (block != NULL) {
            block->next = head;
            head = block;
            continue;
        }
        CHECK_ERRNO(ENOMEM);
        nfailures++;
        if (nfailures % 10 == 0)
            drain(&head);
    }
    drain(&head);
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[THREADS];
    uint64_t seeds[THREADS];
    pthread_attr_t small_stack;
    CHECK_EQ(pthread_attr_init(&small_stack), 0);
    CHECK_EQ(pthread_attr_setstacksize(&small_stack, 64 * LIFE_KIB), 0);
    CHECK_EQ(pthread_barrier_init(&all_started, NULL, THREADS), 0);
    limit(RLIMIT_AS, THREAD_LIMIT);
    for (size_t i = 0; i < THREADS; i++) {
        seeds[i] = i;
        CHECK_EQ(pthread_create(&threads[i], &small_stack, fail_often, &seeds[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    void *big = malloc(60 * LIFE_MIB);
    CHECK(big != NULL);
    free(big);
    life_use_every_class(3);
}

static void test_hole(void)
{
    enum { HOLE = 64 * LIFE_KIB };
    void *hole = mmap(NULL, HOLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(hole != MAP_FAILED);
    struct chain *head = NULL;
    limit(RLIMIT_AS, life_vm_kib() * LIFE_KIB + 20 * LIFE_MIB);
    for (size_t size = 4 * LIFE_MIB; size >= CHAIN_MIN; size /= 2)
        fill(&head, size);
    fill(&head, 10000);
    for (size_t size = LIFE_MIB; size >= 4096; size /= 2)
        while (mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
            ;
    CHECK(malloc(10000) == NULL);
    CHECK_EQ(munmap(hole, HOLE), 0);
    void *block = malloc(10000);
    CHECK(block != NULL);
    life_seal(block, 10000, 4);
    drain(&head);
    life_free(block);
    for (size_t size = LIFE_SEAL_MIN; size <= 2 * LIFE_MIB; size *= 2) {
        CHECK_CASE("%zu bytes, after 20 MiB have been freed", size);
        life_free(life_block(size, size));
    }
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    life_deadline(60, "a limit on memory");
    if (strcmp(name, "as") == 0)
        test_limit(RLIMIT_AS, "\nVmSize:");
    else if (strcmp(name, "data") == 0)
        test_limit(RLIMIT_DATA, "\nVmData:");
    else if (strcmp(name, "threads") == 0)
        test_threads();
    else if (strcmp(name, "hole") == 0)
        test_hole();
    else
        LIFE_FAIL("case is as, data, threads or hole");
    return 0;
}

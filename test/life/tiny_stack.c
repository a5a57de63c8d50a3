/* SPDX-License-Identifier: MIT
 *
 * Threads on the smallest stack there is, 16 KiB (which also holds the thread's own record and static
 * TLS), use every function. Fresh threads, so that the deepest paths, the first of a thread and the first
 * refill, run too. Prints how deep the calls reached.
 */
#include "life/life.h"

#include <sys/mman.h>

enum { STACK_BYTES = 16 * LIFE_KIB, THREADS = 100, GUARD_BYTES = 4096, PAINT = 0x6b };

static FILE *nowhere;

static void use_every_function(uint64_t seed)
{
    void *aligned = NULL;
    for (size_t size = 16; size < 3 * LIFE_MIB; size = size * 3 / 2 + 1) {
        void *block = life_block(size, seed);
        block = realloc(block, size * 2);
        CHECK(block != NULL);
        life_check_prefix(block, size);
        block = reallocarray(block, 3, size);
        CHECK(block != NULL);
        CHECK_LE(3 * size, malloc_usable_size(block));
        free(block);
        free(calloc(2, size));
        free(aligned_alloc(64, size));
        free(memalign(4096, size));
    }
    CHECK_EQ(posix_memalign(&aligned, 1 << 16, 100), 0);
    free(aligned);
    free(valloc(500));
    free(pvalloc(500));
    malloc_trim(0);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
    CHECK_LE(0, mallinfo2().uordblks);
}

static void *small_thread(void *seed)
{
    use_every_function((uintptr_t)seed);
    return NULL;
}

static void *report_thread(void *unused)
{
    CHECK_EQ(malloc_info(0, nowhere), 0);
    malloc_stats();
    return unused;
}

/* Runs a thread on a painted stack with a guard page below and returns how many bytes of it were written. */
static size_t run_painted(void *(*body)(void *), uintptr_t argument)
{
    char *map = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED);
    char *stack = map + GUARD_BYTES;
    CHECK_EQ(mprotect(stack, STACK_BYTES, PROT_READ | PROT_WRITE), 0);
    memset(stack, PAINT, STACK_BYTES);
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    if (pthread_attr_setstack(&attributes, stack, STACK_BYTES) != 0)
        check_skip("libc refuses stacks of %d bytes", STACK_BYTES);
    CHECK_EQ(pthread_create(&thread, &attributes, body, (void *)argument), 0);
    life_join(thread);
    size_t untouched = 0;
    while (untouched < STACK_BYTES && stack[untouched] == PAINT)
        untouched++;
    munmap(map, GUARD_BYTES + STACK_BYTES);
    return STACK_BYTES - untouched;
}

static void *empty_thread(void *unused)
{
    return unused;
}

int main(int argc, char **argv)
{
    int reports = argc > 1 && strcmp(argv[1], "reports") == 0;
    life_deadline(60, "threads on 16 KiB stacks");
    nowhere = fopen("/dev/null", "w");
    CHECK(nowhere != NULL);
    fputs("the buffer is there from now on", nowhere);
    size_t base = run_painted(empty_thread, 0), deepest = 0;
    for (uintptr_t i = 0; i < (reports ? 4 : THREADS); i++) {
        size_t used = run_painted(reports ? report_thread : small_thread, i);
        deepest = used > deepest ? used : deepest;
    }
    check_note("of %d bytes of stack an empty thread uses %zu, the calls reached %zu further", STACK_BYTES,
               base, deepest - base);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * kernel.h -- what every kernel needs: a random source, blocks that are touched, and one line of output.
 *
 * A kernel does a fixed amount of work, set by its first argument in percent (100: a run of some tenths of
 * a second), and prints a checksum made of sizes and contents, never of addresses or times: two allocators
 * that serve it correctly print the same. What it asks for is taken from programs, never from how any
 * allocator works. With BENCH_IDLE_S=N in the environment it then stays N seconds without doing anything.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* xorshift64*: good enough to scatter, cheap enough not to be what is measured. */
static inline uint64_t rng_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dULL;
}

static inline size_t rng_below(uint64_t *state, size_t bound)
{
    return (size_t)(((rng_next(state) >> 32) * (uint64_t)bound) >> 32);
}

/* Sizes as programs ask for them: 2^k with k uniform between the two exponents, then a uniform fill below
 * the next power. */
static inline size_t rng_size(uint64_t *state, unsigned min_exponent, unsigned max_exponent)
{
    size_t base = (size_t)1 << (min_exponent + rng_below(state, max_exponent - min_exponent));

    return base + rng_below(state, base);
}

static inline void *need(void *block)
{
    if (block == NULL) {
        fputs("kernel: out of memory\n", stderr);
        exit(1);
    }
    return block;
}

/* A block whose first and last byte carry a mark that kernel_drop() checks. */
static inline unsigned char *kernel_take(size_t size, unsigned char mark)
{
    unsigned char *block = need(malloc(size));

    block[0] = mark;
    block[size - 1] = mark;
    return block;
}

static inline uint64_t kernel_drop(unsigned char *block, size_t size)
{
    uint64_t sum = (uint64_t)block[0] * 31u + block[size - 1] + size;

    free(block);
    return sum;
}

/* The fixed amount of work, scaled by the first argument in percent. */
static inline size_t kernel_work(int argc, char **argv, size_t full)
{
    size_t percent = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    size_t work = full / 100 * percent;

    return work > 0 ? work : 1;
}

/* What the program itself asked for and held at its peak: the runner sets resident memory against it. */
static inline void kernel_live(size_t peak_bytes)
{
    printf("live %zu\n", peak_bytes);
}

static inline int kernel_done(uint64_t sum)
{
    const char *idle_s = getenv("BENCH_IDLE_S");

    printf("%016llx\n", (unsigned long long)sum);
    if (fflush(stdout) != 0)
        return 1;
    if (idle_s != NULL)
        sleep((unsigned)atoi(idle_s));
    return 0;
}

#endif

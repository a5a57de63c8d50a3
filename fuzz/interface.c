/* SPDX-License-Identifier: MIT
 *
 * interface.c -- the whole interface under libFuzzer, against test/model's shadow heap: up to eight
 * threads that take turns, hand blocks over, die and are replaced; bursts in which all of them work at
 * once; forks in between.
 *
 * The first byte of an input says how many threads there are, each following six are an operation
 * (plan_bytes.c). Byte 1 of an operation is the thread; its highest bits end the thread after it, or let
 * all threads loose. At the end every block is freed and acre_verify() must find nothing. An input that
 * fails is kept by libFuzzer; run the program with it to see it again, with -minimize_crash=1 to make it
 * short.
 */
#include "perform.h"
#include "plan_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NSLOTS = 24, BURST_OPS = 60, MAX_FUZZ_THREADS = 8 };

/* One of the program's threads: it does what the fuzzer's thread tells it, one order at a time. */
struct runner {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct worker worker;
    uint64_t from;
    uint64_t to; /* operations that remain to be done; equal: none */
    bool alive;
    bool ends;
};

static struct runner runners[MAX_FUZZ_THREADS];
static struct outcome *outcome;

void world_end(const char *message)
{
    fprintf(stderr, "fuzz: %s\n", message);
    abort();
}

static void *run(void *argument)
{
    struct runner *runner = argument;
    pthread_mutex_lock(&runner->lock);
    while (!runner->ends) {
        if (runner->from == runner->to) {
            pthread_cond_wait(&runner->changed, &runner->lock);
            continue;
        }
        runner->worker.index = runner->from;
        perform(&runner->worker);
        runner->from++;
        if (runner->from == runner->to)
            pthread_cond_signal(&runner->changed);
    }
    pthread_mutex_unlock(&runner->lock);
    return NULL;
}

static void begin(struct runner *runner, struct world *world, unsigned thread)
{
    if (runner->alive)
        return;
    pthread_mutex_init(&runner->lock, NULL);
    pthread_cond_init(&runner->changed, NULL);
    runner->worker = (struct worker){.world = world, .thread = thread};
    runner->from = runner->to = 0;
    runner->ends = false;
    runner->alive = pthread_create(&runner->thread, NULL, run, runner) == 0;
    if (!runner->alive)
        world_end("cannot make a thread");
}

static void order(struct runner *runner, uint64_t from, uint64_t to)
{
    pthread_mutex_lock(&runner->lock);
    runner->from = from;
    runner->to = to;
    pthread_cond_signal(&runner->changed);
    pthread_mutex_unlock(&runner->lock);
}

static void wait_for(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    while (runner->from != runner->to)
        pthread_cond_wait(&runner->changed, &runner->lock);
    pthread_mutex_unlock(&runner->lock);
}

static void end(struct runner *runner)
{
    if (!runner->alive)
        return;
    pthread_mutex_lock(&runner->lock);
    runner->ends = true;
    pthread_cond_signal(&runner->changed);
    pthread_mutex_unlock(&runner->lock);
    pthread_join(runner->thread, NULL);
    runner->alive = false;
}

/* All threads at once, on operations that lie behind the input. */
static void burst(struct world *world, uint64_t number)
{
    uint64_t from = 1000000 + number * BURST_OPS;
    for (unsigned i = 0; i < world->plan.nthreads; i++) {
        begin(&runners[i], world, i);
        order(&runners[i], from, from + BURST_OPS);
    }
    for (unsigned i = 0; i < world->plan.nthreads; i++)
        wait_for(&runners[i]);
}

static void step(struct world *world, uint64_t index, unsigned char how)
{
    unsigned thread = how % world->plan.nthreads;
    struct runner *runner = &runners[thread];
    if (how >= 0xfc) {
        burst(world, index);
        return;
    }
    begin(runner, world, thread);
    order(runner, index, index + 1);
    wait_for(runner);
    if (how >= 0xf0)
        end(runner);
}

static void destroy(struct world *world)
{
    munmap(world, sizeof *world + (size_t)world->plan.nthreads * world->plan.nslots * sizeof(struct block));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 + OP_BYTES)
        return 0;
    struct plan plan = {.seed = size, .nthreads = data[0] % MAX_FUZZ_THREADS + 1u, .nslots = NSLOTS};
    if (outcome == NULL)
        outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct world *world = world_create(&plan, subject_get(), outcome);
    size_t nops = (size - 1) / OP_BYTES;
    plan_bytes_set(data + 1, nops * OP_BYTES);
    for (size_t i = 0; i < nops; i++)
        step(world, i, data[1 + i * OP_BYTES + 1]);
    for (unsigned i = 0; i < plan.nthreads; i++)
        end(&runners[i]);
    struct worker last = {.world = world};
    perform_end(&last);
    world_verify_books(&last);
    destroy(world);
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * checker.c -- coroutines, choices and the undo log; see checker.h. The memory model is in memory.c.
 */
#include "checker.h"

#include "memory.h"

#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { STACK_BYTES = 1 << 16, MAX_CHOICES = 1 << 14, MAX_UNDO = 1 << 18, MAX_TLS = 256, MAX_STEPS = 100000 };

struct thread {
    ucontext_t context;
    char *stack;
    void (*fn)(void);
    uint32_t *waits; /* asleep */
    bool done;
    bool yields; /* not to be chosen until another has taken a step */
    char tls[MAX_TLS];
};

struct choice {
    uint16_t taken;
    uint16_t of;
    bool free; /* costs no deviation */
};

struct undo {
    void *addr;
    uint64_t old;
    unsigned bytes;
};

static struct {
    const struct race_scenario *scenario;
    struct thread threads[RACE_MAX_THREADS];
    unsigned nthreads;
    int self;
    ucontext_t main;
    jmp_buf failed;
    bool running; /* a run, not setup or end */
    struct choice choices[MAX_CHOICES];
    unsigned nchoices; /* of the prefix to be followed, and then of the run */
    unsigned at;
    unsigned deviations;
    unsigned steps;
    struct undo undo[MAX_UNDO];
    unsigned nundo;
    char *tls;
    size_t tls_bytes;
    char tls_at_start[MAX_TLS];
    char message[400];
} race;

/* ---- thread-local storage: the program's block of it is swapped with the coroutine ---- */

static int find_tls(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_TLS && info->dlpi_tls_data != NULL) {
            race.tls = info->dlpi_tls_data;
            race.tls_bytes = header->p_memsz;
        }
    }
    return 1; /* the program itself comes first */
}

/* ---- choices ---- */

/* 0 .. of - 1; 0 is what a run does unless told otherwise, and all else a deviation unless `free`. */
unsigned race_choose(unsigned of, bool free)
{
    if (of <= 1 || !race.running)
        return 0;
    if (!free && race.deviations >= race.scenario->deviations)
        return 0;
    if (race.at == MAX_CHOICES)
        race_fail("more than %d choices", MAX_CHOICES);
    struct choice *choice = &race.choices[race.at];
    if (race.at == race.nchoices) {
        *choice = (struct choice){0, (uint16_t)of, free};
        race.nchoices++;
    }
    race.at++;
    if (choice->of != of)
        race_fail("the run is not the same when it is repeated (%u choices, not %u)", of, choice->of);
    race.deviations += choice->taken != 0 && !free;
    return choice->taken;
}

/* The next sequence, in depth first order; false after the last. */
static bool next_run(void)
{
    while (race.nchoices != 0) {
        struct choice *last = &race.choices[race.nchoices - 1];
        if (++last->taken < last->of)
            return true;
        race.nchoices--;
    }
    return false;
}

/* ---- coroutines ---- */

static void switch_to(int next)
{
    int before = race.self;
    if (next == before)
        return;
    if (before >= 0)
        memcpy(race.threads[before].tls, race.tls, race.tls_bytes);
    memcpy(race.tls, next >= 0 ? race.threads[next].tls : race.tls_at_start, race.tls_bytes);
    race.self = next;
    swapcontext(before >= 0 ? &race.threads[before].context : &race.main,
                next >= 0 ? &race.threads[next].context : &race.main);
}

static bool can_run(const struct thread *thread)
{
    return !thread->done && thread->waits == NULL;
}

/* The threads that may go on, the present one first. */
static unsigned candidates(int *out, bool without_self)
{
    unsigned n = 0;
    if (race.self >= 0 && !without_self && can_run(&race.threads[race.self]))
        out[n++] = race.self;
    for (unsigned pass = 0; pass < 2 && n == 0; pass++)
        for (unsigned i = 0; i < race.nthreads; i++)
            if ((int)i != race.self && can_run(&race.threads[i]) && (pass != 0 || !race.threads[i].yields))
                out[n++] = (int)i;
    if (n == 1 && out[0] == race.self)
        for (unsigned i = 0; i < race.nthreads; i++)
            if ((int)i != race.self && can_run(&race.threads[i]) && !race.threads[i].yields)
                out[n++] = (int)i;
    return n;
}

/* The present thread cannot go on. */
static void leave(void)
{
    int next[RACE_MAX_THREADS];
    unsigned n = candidates(next, true);
    if (n == 0) {
        if (race.self >= 0 && can_run(&race.threads[race.self]))
            return;
        switch_to(-1);
        return;
    }
    switch_to(next[race_choose(n, true)]);
}

/* Before an atomic access to something shared. */
void race_step(void)
{
    int next[RACE_MAX_THREADS];
    if (!race.running || race.self < 0)
        return;
    if (++race.steps > MAX_STEPS)
        race_fail("a run without end");
    for (unsigned i = 0; i < race.nthreads; i++)
        race.threads[i].yields = race.threads[i].yields && (int)i == race.self;
    unsigned n = candidates(next, false);
    switch_to(next[race_choose(n, false)]);
}

/* In turn, unless told otherwise. */
void race_yield(void)
{
    int next[RACE_MAX_THREADS];
    if (!race.running || race.self < 0)
        return;
    race.threads[race.self].yields = true;
    unsigned n = candidates(next, true);
    if (n != 0)
        switch_to(next[race_choose(n, false)]);
}

int race_self(void)
{
    return race.running ? race.self : -1;
}

bool race_is_last(void)
{
    for (unsigned i = 0; i < race.nthreads; i++)
        if ((int)i != race.self && !race.threads[i].done)
            return false;
    return true;
}

void race_wait(uint32_t *word, uint32_t value)
{
    race_step();
    if (__atomic_load_n(word, __ATOMIC_RELAXED) != value)
        return;
    if (!race.running || race.self < 0)
        race_fail("waits for ever");
    race.threads[race.self].waits = word;
    leave();
}

void race_wake(uint32_t *word, int nwaiters)
{
    race_step();
    for (unsigned i = 0; i < race.nthreads && nwaiters > 0; i++) {
        if (race.threads[i].waits == word) {
            race.threads[i].waits = NULL;
            nwaiters--;
        }
    }
}

void race_barrier_all(void)
{
    if (race.running)
        memory_fence(race.self);
    for (unsigned i = 0; i < race.nthreads && race.running; i++) {
        race_step();
        memory_fence((int)i);
    }
    if (race.running)
        memory_fence(race.self);
}

void race_fork(void)
{
    race_step();
    for (unsigned i = 0; i < race.nthreads; i++)
        if ((int)i != race.self)
            race.threads[i].done = true;
    memory_see_all(race.self);
}

static void run_thread(void)
{
    race.threads[race.self].fn();
    race.threads[race.self].done = true;
    leave();
    abort();
}

/* ---- runs ---- */

/* Stacks are as new in every run, thread-local storage is swapped. */
static bool is_own(const char *at)
{
    const char *stack = race.self >= 0 ? race.threads[race.self].stack
                                       : (const char *)__builtin_frame_address(0) - STACK_BYTES;
    if (race.tls != NULL && (size_t)(at - race.tls) < race.tls_bytes)
        return true;
    return (size_t)(at - stack) < (race.self >= 0 ? (size_t)STACK_BYTES : 4 * (size_t)STACK_BYTES);
}

bool race_is_private(const void *addr)
{
    return is_own(addr);
}

void race_log(void *addr, size_t bytes)
{
    char *at = addr;
    if (is_own(at))
        return;
    while (race.running && bytes != 0) {
        unsigned n = bytes < 8 ? (unsigned)bytes : 8;
        if (race.nundo == MAX_UNDO)
            race_fail("the undo log is full");
        struct undo *undo = &race.undo[race.nundo++];
        undo->addr = at;
        undo->bytes = n;
        memcpy(&undo->old, at, n);
        at += n;
        bytes -= n;
    }
}

/* The run is not to be judged: the checker has learned something and begins again. */
void race_restart(void)
{
    longjmp(race.failed, 2);
}

static void undo_all(void)
{
    while (race.nundo != 0) {
        const struct undo *undo = &race.undo[--race.nundo];
        memcpy(undo->addr, &undo->old, undo->bytes);
    }
    memcpy(race.tls, race.tls_at_start, race.tls_bytes);
}

void race_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(race.message, sizeof race.message, format, args);
    va_end(args);
    if (!race.running) {
        fprintf(stderr, "race: %s\n", race.message);
        exit(2);
    }
    longjmp(race.failed, 1); /* from a coroutine's stack to main's, which is still there */
}

static void begin_threads(void)
{
    race.nthreads = 0;
    for (unsigned i = 0; i < RACE_MAX_THREADS && race.scenario->threads[i] != NULL; i++) {
        struct thread *thread = &race.threads[i];
        char *stack = thread->stack != NULL ? thread->stack : malloc(STACK_BYTES);
        *thread = (struct thread){.stack = stack, .fn = race.scenario->threads[i]};
        getcontext(&thread->context);
        thread->context.uc_stack.ss_sp = stack;
        thread->context.uc_stack.ss_size = STACK_BYTES;
        makecontext(&thread->context, run_thread, 0);
        memcpy(thread->tls, race.tls_at_start, race.tls_bytes);
        race.nthreads++;
    }
}

static void run_all_threads(void)
{
    int next[RACE_MAX_THREADS];
    unsigned n = candidates(next, true);
    switch_to(next[race_choose(n, true)]);
    for (unsigned i = 0; i < race.nthreads; i++)
        if (!race.threads[i].done)
            race_fail("deadlock: thread %u waits for ever", i);
}

enum outcome { HOLDS, FAILS, LEARNED };

static enum outcome run_once(void)
{
    race.at = 0;
    race.deviations = 0;
    race.steps = 0;
    race.self = -1;
    memory_begin();
    begin_threads();
    race.running = true;
    enum outcome outcome = (enum outcome)setjmp(race.failed);
    if (outcome == HOLDS) {
        run_all_threads();
        memory_see_all(-1);
        race.self = -1;
        if (race.scenario->end != NULL)
            race.scenario->end();
    }
    race.running = false;
    race.self = -1;
    undo_all();
    return outcome;
}

/* The run once more, each access of something shared on a line. */
static void print_failure(uint64_t nruns)
{
    printf("race: %s: FAILED in run %llu: %s\nrace: choices", race.scenario->name, (unsigned long long)nruns,
           race.message);
    for (unsigned i = 0; i < race.at; i++)
        if (race.choices[i].taken != 0)
            printf(" %u:%u/%u", i, race.choices[i].taken, race.choices[i].of);
    printf(" of %u; the accesses of shared places, with what they read or wrote:\n", race.at);
    race.nchoices = race.at;
    memory_trace = true;
    run_once();
    memory_trace = false;
}

bool race_check(const struct race_scenario *scenario, uint64_t max_runs)
{
    uint64_t nruns = 0;
    race.scenario = scenario;
    race.self = -1;
    race.nchoices = 0;
    dl_iterate_phdr(find_tls, NULL);
    memory_begin();
    scenario->setup();
    memcpy(race.tls_at_start, race.tls, race.tls_bytes);
    for (;;) {
        enum outcome outcome = run_once();
        nruns++;
        if (outcome == FAILS) {
            print_failure(nruns);
            return false;
        }
        race.nchoices = outcome == LEARNED ? 0 : race.at;
        if (outcome != LEARNED && !next_run())
            break;
        if (nruns == max_runs) {
            printf("race: %s: not finished after %llu runs, %u shared places, %u choices in the last\n",
                   scenario->name, (unsigned long long)nruns, memory_nshared(), race.at);
            return false;
        }
    }
    printf("race: %s: %llu runs, %u shared places, %u deviations: holds\n", scenario->name,
           (unsigned long long)nruns, memory_nshared(), scenario->deviations);
    return true;
}

/* SPDX-License-Identifier: MIT
 *
 * A signal handler that allocates, 5000 times a second for 6 seconds, while main and two threads churn
 * with every byte checked. The handler uses every function, frees blocks the threads made and leaves
 * blocks for them.
 *
 *   process   one timer for the process: the kernel picks the thread
 *   threads   one timer for each of the three threads, aimed at it; handlers run in parallel
 */
#include "life/interrupt.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { THREADS = 2, MAILBOXES = 16, PERIOD_US = 200, SECONDS = 6, LEAST_RUNS = 1000, LEAST_INSIDE = 50 };

static void *mailboxes[MAILBOXES];
static unsigned long nruns, ninside, nmailed;
static int stop;

/* Leaves mine, which may be NULL, and frees what lay there. Safe between threads and handlers: an exchange
 * owns. */
static void mail(size_t box, void *mine)
{
    void *theirs = __atomic_exchange_n(&mailboxes[box % MAILBOXES], mine, __ATOMIC_ACQ_REL);
    if (theirs == NULL)
        return;
    life_free(theirs);
    __atomic_fetch_add(&nmailed, 1, __ATOMIC_RELAXED);
}

static void grow(size_t from, size_t to, uint64_t seed)
{
    void *block = life_block(from, seed);
    block = realloc(block, to);
    CHECK(block != NULL);
    life_check_prefix(block, from < to ? from : to);
    free(block);
}

static void allocate_zeroed(size_t size)
{
    void *block = calloc(size, 1);
    CHECK(block != NULL);
    life_check_zero(block, size);
    life_seal(block, size, size);
    life_free(block);
}

static void allocate_aligned(size_t alignment, size_t size)
{
    void *block = aligned_alloc(alignment, size);
    CHECK(block != NULL);
    CHECK_EQ((uintptr_t)block % alignment, 0);
    life_seal(block, size, alignment);
    life_free(block);
}

/* Only head and tail are touched, so that a run stays well below the timer's period. */
static void allocate_huge(size_t size)
{
    volatile unsigned char *block = malloc(size);
    CHECK(block != NULL);
    block[0] = block[size - 1] = 1;
    free((void *)block);
}

static void allocate(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)info;
    int saved_errno = errno;
    unsigned long run = __atomic_fetch_add(&nruns, 1, __ATOMIC_RELAXED);
    if (interrupt_in_allocator(context))
        __atomic_fetch_add(&ninside, 1, __ATOMIC_RELAXED);
    switch (run % 8) {
    case 0:
        life_free(life_block(16 + run % 500, run));
        break;
    case 1:
        allocate_zeroed(16 + run % 3000);
        break;
    case 2:
        grow(16 + run % 200, 500 + run % 5000, run);
        break;
    case 3:
        mail(run, life_block(16 + run % 1500, run));
        break;
    case 4:
        mail(run, NULL);
        break;
    case 5:
        allocate_aligned((size_t)16 << run % 9, 100 + run % 400);
        break;
    case 6:
        life_free(life_block(40 * LIFE_KIB + run % 8192, run));
        break;
    default:
        run % 16 == 7 ? allocate_huge(3 * LIFE_MIB) : grow(20000, 40000, run);
        break;
    }
    errno = saved_errno;
}

static void arm_own_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    struct itimerspec period = {{0, PERIOD_US * 1000}, {0, PERIOD_US * 1000}};
    timer_t timer;
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &period, NULL), 0);
}

static void *churn(void *pool_argument)
{
    struct life_pool *pool = pool_argument;
    for (unsigned i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        life_churn(pool, 100, i % 32 == 0 ? 500 * LIFE_KIB : 20 * LIFE_KIB);
        mail(i, life_block(16 + i % 2000, i));
    }
    return NULL;
}

static void *churn_with_timer(void *pool)
{
    arm_own_timer();
    return churn(pool);
}

static void *ring_the_end(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    life_sleep_ms(SECONDS * 1000);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    return unused;
}

int main(int argc, char **argv)
{
    int one_timer = argc > 1 && strcmp(argv[1], "process") == 0;
    static struct life_pool pools[THREADS + 1];
    pthread_t threads[THREADS];
    life_deadline(60, "allocation in a signal handler");
    interrupt_init();
    struct sigaction action = {.sa_sigaction = allocate, .sa_flags = SA_SIGINFO | SA_RESTART};
    CHECK_EQ(sigaction(SIGRTMIN, &action, NULL), 0);
    pthread_t bell = life_thread(ring_the_end, NULL);
    for (uint64_t i = 0; i < THREADS; i++) {
        pools[i].random = i;
        threads[i] = life_thread(one_timer ? churn : churn_with_timer, &pools[i]);
    }
    if (one_timer) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
        struct itimerspec period = {{0, PERIOD_US * 1000}, {0, PERIOD_US * 1000}};
        timer_t timer;
        CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
        CHECK_EQ(timer_settime(timer, 0, &period, NULL), 0);
        churn(&pools[THREADS]);
    } else {
        churn_with_timer(&pools[THREADS]);
    }
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    life_join(bell);
    CHECK_EQ(signal(SIGRTMIN, SIG_IGN) == SIG_ERR, 0);
    for (size_t i = 0; i <= THREADS; i++)
        life_pool_free(&pools[i]);
    for (size_t i = 0; i < MAILBOXES; i++)
        mail(i, NULL);
    check_note("the handler ran %lu times, %lu times inside the allocator; %lu blocks changed hands", nruns,
               ninside, nmailed);
    CHECK_LE(LEAST_RUNS, nruns);
    CHECK_LE(LEAST_INSIDE, ninside);
    return 0;
}

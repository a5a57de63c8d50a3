/* SPDX-License-Identifier: MIT
 *
 * fork() from a signal handler that interrupts malloc and free, 2000 times; the child uses the heap, still
 * inside the handler, and exits. A signal that finds the thread outside the allocator does not fork: every
 * fork counts.
 *
 *   single  the program has one thread
 *   multi   two more threads churn meanwhile
 */
#include "life/interrupt.h"

#include <sched.h>
#include <sys/syscall.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { FORKS = 2000, THREADS = 2 };

static volatile sig_atomic_t nforks;
static unsigned long nsignals;
static timer_t timer;
static int stop;

/* One shot, after 50 to 250 us: a periodic timer would fire again at the place the handler returns to. */
static void arm_timer(void)
{
    struct itimerspec delay = {.it_value = {0, 50000 + (long)(life_mix(nsignals++) % 200000)}};
    CHECK_EQ(timer_settime(timer, 0, &delay, NULL), 0);
}

static void child(void)
{
    life_child_begin();
    CHECK_CASE("child of fork %d", (int)nforks);
    life_use_every_class((uint64_t)nforks);
    static struct life_pool pool;
    life_churn(&pool, 500, 5000);
    life_pool_free(&pool);
    _exit(0);
}

static void fork_in_handler(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)info;
    int saved_errno = errno;
    if (nforks >= FORKS)
        return;
    if (!interrupt_in_allocator(context)) {
        arm_timer();
        return;
    }
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        child();
    life_reap(pid);
    nforks++;
    arm_timer();
    errno = saved_errno;
}

static void *churn(void *argument)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    struct life_pool *pool = argument;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        life_churn(pool, 500, 60 * LIFE_KIB);
        sched_yield();
    }
    life_pool_free(pool);
    return NULL;
}

int main(int argc, char **argv)
{
    int nthreads = argc > 1 && strcmp(argv[1], "multi") == 0 ? THREADS : 0;
    static struct life_pool pools[THREADS + 1];
    pthread_t threads[THREADS];
    life_deadline(110, "forks from a signal handler");
    interrupt_init();
    for (int i = 0; i < nthreads; i++)
        threads[i] = life_thread(churn, &pools[i]);

    struct sigaction action = {.sa_sigaction = fork_in_handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    CHECK_EQ(sigaction(SIGRTMIN, &action, NULL), 0);
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    arm_timer();
    struct life_pool *own = &pools[THREADS];
    void *small[100];
    while (nforks < FORKS) {
        life_churn_once(own, 100 * LIFE_KIB);
        for (size_t i = 0; i < 100; i++)
            small[i] = malloc(i * 7);
        for (size_t i = 0; i < 100; i++)
            free(small[i]);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < nthreads; i++)
        life_join(threads[i]);
    life_pool_free(own);
    check_note("%d forks from inside the allocator in %lu signals", (int)nforks, nsignals);
    return 0;
}

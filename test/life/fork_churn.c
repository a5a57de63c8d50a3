/* SPDX-License-Identifier: MIT
 *
 * 2000 forks (500 of the other kinds) while 8 threads churn every size class. The child, which may have
 * been born in the middle of anything the 8 threads were doing, uses every class, checks, reallocates and
 * frees blocks it inherited, and exits 0.
 *
 *   fork   fork(); the child also starts a thread and leaves through exit()
 *   raw    a bare clone(SIGCHLD) system call: no libc bookkeeping and no atfork handler runs
 *   _fork  _Fork(), which is fork() without the handlers
 *   many   2000 of all three and of forks in a signal handler, in turn; with a small heap and children that
 *          do little, so that `make forks` gets through 100 000 of them (most of a fork's time in the other
 *          cases is the system's: page tables to copy, pages that the child touches)
 */
#include "life/life.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum {
    THREADS = 8,
    FORKS = 2000,
    OTHER_FORKS = 500,
    NICE = 4,
    STALL_SECONDS = 30,
    SHARED = 256,
    CHILD_TAKES = 64,
    LEAN_TAKES = 4,
    LEAN_CHURNS = 40
};

static bool lean; /* the case `many` */

/* Blocks between threads: whoever takes one out of its slot owns it, so a child owns all it finds here. */
static void *shared[SHARED];
static int stop;
static unsigned long nswaps;

static void *churn(void *argument)
{
    struct life_pool *pool = argument;
    setpriority(PRIO_PROCESS, 0, NICE); /* this thread only: lets the forks come along on two processors */
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        size_t usual = lean ? 2 * LIFE_KIB : 60 * LIFE_KIB;
        size_t seldom = lean ? 100 * LIFE_KIB : 5 * LIFE_MIB;
        life_churn(pool, 50, pool->random % 64 == 0 ? seldom : usual);
        size_t slot = (size_t)(life_random(&pool->random) % SHARED);
        void *mine = life_block(life_random_size(&pool->random, usual / 3), slot);
        void *theirs = __atomic_exchange_n(&shared[slot], mine, __ATOMIC_ACQ_REL);
        if (theirs != NULL)
            life_free(theirs);
        __atomic_fetch_add(&nswaps, 1, __ATOMIC_RELAXED);
        sched_yield();
    }
    life_pool_free(pool);
    return NULL;
}

static void use_inherited(size_t first, size_t takes)
{
    for (size_t i = first; i < first + takes; i++) {
        void *block = shared[i % SHARED];
        if (block == NULL)
            continue;
        size_t old_size = life_check_seal(block);
        if (i % 2 == 0) {
            size_t size = old_size + old_size / 2;
            block = realloc(block, size);
            CHECK(block != NULL);
            life_check_prefix(block, old_size);
            life_seal(block, size, i);
        }
        life_free(block);
    }
}

static void *child_thread(void *unused)
{
    static struct life_pool pool;
    life_churn(&pool, 1000, 40 * LIFE_KIB);
    life_pool_free(&pool);
    return unused;
}

static void lean_child(int round)
{
    static struct life_pool pool;
    pool.random = (uint64_t)round * 7919;
    use_inherited((size_t)round * LEAN_TAKES, LEAN_TAKES);
    life_churn(&pool, LEAN_CHURNS, round % 16 == 0 ? 100 * LIFE_KIB : 2 * LIFE_KIB);
    _exit(0);
}

static void child(int round, int with_thread)
{
    CHECK_CASE("child of fork %d", round);
    life_child_begin();
    setpriority(PRIO_PROCESS, 0, 0);
    if (lean)
        lean_child(round);
    use_inherited((size_t)round * CHILD_TAKES, CHILD_TAKES);
    life_use_every_class((uint64_t)round);
    if (!with_thread)
        _exit(0);
    life_join(life_thread(child_thread, NULL));
    exit(0);
}

static pid_t fork_by(const char *name)
{
    if (strcmp(name, "fork") == 0)
        return fork();
    if (strcmp(name, "_fork") == 0)
        return _Fork();
    CHECK(strcmp(name, "raw") == 0);
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static volatile pid_t forked_in_handler;

static void fork_in_handler(int signal_number)
{
    (void)signal_number;
    forked_in_handler = _Fork(); /* the one that is safe in a handler */
}

/* In turn: each of the three, and one in a handler (fork_signal.c has those that interrupt the allocator). */
static pid_t fork_in_turn(int round)
{
    static const char *const names[] = {"fork", "_fork", "raw"};
    if (round % 4 != 3)
        return fork_by(names[round % 4]);
    CHECK_EQ(raise(SIGUSR1), 0);
    return forked_in_handler;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    lean = strcmp(name, "many") == 0;
    int nforks = argc > 2 ? atoi(argv[2]) : lean || strcmp(name, "fork") == 0 ? FORKS : OTHER_FORKS;
    signal(SIGUSR1, fork_in_handler);
    static struct life_pool pools[THREADS];
    pthread_t threads[THREADS];
    life_deadline(STALL_SECONDS, "forks under churn");
    for (size_t i = 0; i < THREADS; i++) {
        pools[i].random = i * 1000003;
        threads[i] = life_thread(churn, &pools[i]);
    }
    struct life_pool own = {.random = 42};
    uint64_t start_ms = life_now_ms();
    for (int round = 0; round < nforks; round++) {
        CHECK_CASE("fork %d", round);
        alarm(STALL_SECONDS);
        life_churn(&own, 20, lean ? 2 * LIFE_KIB : 10 * LIFE_KIB);
        pid_t pid = lean ? fork_in_turn(round) : fork_by(name);
        CHECK(pid >= 0);
        if (pid == 0)
            child(round, strcmp(name, "fork") == 0);
        life_reap(pid);
    }
    CHECK_CASE("%s", "joining");
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    life_pool_free(&own);
    life_use_every_class(1);
    check_note("%d forks in %llu ms, %lu blocks changed hands meanwhile", nforks,
               (unsigned long long)(life_now_ms() - start_ms), nswaps);
    return 0;
}

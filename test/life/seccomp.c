/* SPDX-License-Identifier: MIT
 *
 * A sandbox that ends the process for every system call but mmap, munmap, madvise, mremap and futex (and
 * write, exit, exit_group and rt_sigreturn, which the test itself needs). Threads churn up to 200 MiB
 * under it.
 *
 *   cold   the filter is there before the heap has been used much; two threads allocate for the first time
 *          under it
 *   warm   200 MiB have been used and freed before, so that anything started lazily has been started
 *   idle   as warm; then the process sleeps in futex for three seconds while free memory ages, and works
 *          again
 *   born   a filter that forbids only to make threads and processes is there from the start: the process
 *          installs it and executes itself; it has one thread
 *   born_without_state  as born, and memory files are forbidden as well; ACRE_CONF=state=none
 */
#include "life/life.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { THREADS = 2, HEAP_MIB = 200 };

static int gate;    /* 0: closed; 1: open; then counts the threads that are done, from 2 */
static int started; /* threads past libc's own start of a thread, which makes other calls */

static void wait_while(int value)
{
    while (__atomic_load_n(&gate, __ATOMIC_ACQUIRE) == value)
        syscall(SYS_futex, &gate, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void wake(void)
{
    syscall(SYS_futex, &gate, FUTEX_WAKE, 100, NULL, NULL, 0);
}

#define ALLOW(name)                                                                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void name_call(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    check_note("system call %d is not allowed in the sandbox", info->si_syscall);
    _exit(1);
}

static void install(const struct sock_filter *rules, size_t nrules)
{
    struct sock_fprog program = {(unsigned short)nrules, (struct sock_filter *)(uintptr_t)rules};
    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        check_skip("seccomp filters: %s; NOT tested here", strerror(errno));
}

static void install_filter(void)
{
    struct sigaction action = {.sa_sigaction = name_call, .sa_flags = SA_SIGINFO};
    CHECK_EQ(sigaction(SIGSYS, &action, NULL), 0);
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(madvise),
        ALLOW(mremap),
        ALLOW(futex),
        ALLOW(write),
        ALLOW(exit),
        ALLOW(exit_group),
        ALLOW(rt_sigreturn),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    install(rules, sizeof rules / sizeof *rules);
}

#define KILL(number)                                                                                         \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void be_born_again(char **argv, bool with_state)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        KILL(SYS_clone),
        KILL(SYS_clone3),
        KILL(with_state ? SYS_clone : SYS_memfd_create),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    char *again[] = {argv[0], "reborn", NULL};
    if (!with_state)
        CHECK_EQ(setenv("ACRE_CONF", "state=none", 1), 0);
    install(rules, sizeof rules / sizeof *rules);
    execv("/proc/self/exe", again);
    check_note("execv: %s", strerror(errno));
    _exit(1);
}

/* Fills up to HEAP_MIB with blocks of one size, all written, then frees them. */
static void use_heap(size_t size)
{
    struct link {
        struct link *next;
    } *head = NULL;
    for (size_t bytes = 0; bytes < (size_t)HEAP_MIB * LIFE_MIB; bytes += size) {
        struct link *block = malloc(size);
        CHECK(block != NULL);
        memset(block, 1, size);
        block->next = head;
        head = block;
    }
    while (head != NULL) {
        struct link *next = head->next;
        free(head);
        head = next;
    }
}

static void *churn(void *argument)
{
    struct life_pool *pool = argument;
    __atomic_fetch_add(&started, 1, __ATOMIC_RELEASE);
    wait_while(0);
    life_use_every_class(pool->random);
    life_churn(pool, 30000, 600 * LIFE_KIB);
    life_pool_free(pool);
    __atomic_fetch_add(&gate, 1, __ATOMIC_ACQ_REL);
    wake();
    for (;;) /* libc's end of a thread makes other calls */
        syscall(SYS_futex, &gate, FUTEX_WAIT, 1 + THREADS, NULL, NULL, 0);
    return NULL;
}

static void work(void)
{
    void *block = malloc(20 * LIFE_MIB);
    block = realloc(block, 50 * LIFE_MIB);
    block = realloc(block, 100 * LIFE_KIB);
    CHECK(block != NULL);
    free(block);
    use_heap(100);
    use_heap(3 * LIFE_MIB);
    life_use_every_class(3);
}

static void pause_and_work(void)
{
    struct timespec pause = {3, 0};
    static int never;
    syscall(SYS_futex, &never, FUTEX_WAIT, 0, &pause, NULL, 0);
    work();
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    static struct life_pool pools[THREADS];
    if (strcmp(name, "born") == 0)
        be_born_again(argv, true);
    if (strcmp(name, "born_without_state") == 0)
        be_born_again(argv, false);
    if (strcmp(name, "reborn") == 0) {
        work();
        pause_and_work();
        check_note("all work done in one thread, inside the sandbox");
        return 0;
    }
    CHECK(strcmp(name, "cold") == 0 || strcmp(name, "warm") == 0 || strcmp(name, "idle") == 0);
    life_deadline(60, "a sandbox of five system calls");
    for (uint64_t i = 0; i < THREADS; i++) {
        pools[i].random = i;
        life_thread(churn, &pools[i]);
    }
    if (strcmp(name, "cold") != 0)
        use_heap(1000);
    while (__atomic_load_n(&started, __ATOMIC_ACQUIRE) < THREADS)
        life_sleep_ms(1);
    install_filter();
    __atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
    wake();
    work();
    for (int done = 1; done < 1 + THREADS; done++)
        wait_while(done);
    if (strcmp(name, "idle") == 0)
        pause_and_work();
    check_note("all work done inside the sandbox");
    _exit(0);
}

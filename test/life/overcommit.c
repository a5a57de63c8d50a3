/* SPDX-License-Identifier: MIT
 *
 * Strict accounting (vm.overcommit_memory=2): more than the machine could back is refused with ENOMEM,
 * everything else works, the library's reservations do not eat the budget, and what it is charged does not
 * grow. The setting is the machine's, so it is changed for a second or two and put back whatever happens;
 * without permission the test is skipped.
 */
#include "life/life.h"

enum { ROUNDS = 12, START_MOST_KIB = 65 * 1024, GROWTH_MOST_KIB = 256 * 1024 };

static const char setting[] = "/proc/sys/vm/overcommit_memory";
static char before;

static int write_setting(char value)
{
    int fd = open(setting, O_WRONLY | O_CLOEXEC);
    ssize_t done = fd < 0 ? -1 : write(fd, &value, 1);
    if (fd >= 0)
        close(fd);
    return done == 1;
}

static void put_back(int signal_number)
{
    write_setting(before);
    check_note("ended by signal %d; %s put back", signal_number, setting);
    _exit(1);
}

/* What strict accounting charges the process for: writable private memory, touched or not. */
static size_t charged_kib(void)
{
    return life_proc_number("/proc/self/status", "\nVmData:");
}

static void *churn(void *pool)
{
    life_churn(pool, 20000, 300 * LIFE_KIB);
    life_pool_free(pool);
    return NULL;
}

static void work_once(void)
{
    static struct life_pool pools[2];
    pthread_t thread = life_thread(churn, &pools[0]);
    churn(&pools[1]);
    life_join(thread);
    life_use_every_class(1);
    void *big = malloc(100 * LIFE_MIB);
    CHECK(big != NULL);
    big = realloc(big, 150 * LIFE_MIB);
    CHECK(big != NULL);
    free(big);
}

static void work(void)
{
    life_bound("charge at the start", charged_kib(), START_MOST_KIB, "KiB");
    size_t machine = life_proc_number("/proc/meminfo", "CommitLimit:") * LIFE_KIB;
    errno = 0;
    CHECK(malloc(machine + LIFE_MIB) == NULL);
    CHECK_ERRNO(ENOMEM);
    work_once();
    size_t first_kib = charged_kib();
    for (int round = 1; round < ROUNDS; round++)
        work_once();
    size_t last_kib = charged_kib();
    check_note("charge after the first round %zu KiB, after the last %zu KiB", first_kib, last_kib);
    life_bound("growth of the charge from round to round", last_kib > first_kib ? last_kib - first_kib : 0,
               GROWTH_MOST_KIB, "KiB");
}

int main(void)
{
    int fd = open(setting, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &before, 1) != 1)
        check_skip("cannot read %s", setting);
    close(fd);
    for (int signal_number = 1; signal_number < 32; signal_number++)
        if (signal_number != SIGCHLD)
            signal(signal_number, put_back);
    if (!write_setting('2'))
        check_skip("cannot write %s: overcommit mode 2 is NOT tested here (needs root on the host)", setting);
    pid_t pid = fork();
    if (pid == 0) {
        life_child_begin();
        work();
        _exit(0);
    }
    int status = 0;
    pid_t reaped = waitpid(pid, &status, 0);
    CHECK(write_setting(before));
    CHECK_EQ(reaped, pid);
    CHECK_EQ(status, 0);
    return 0;
}

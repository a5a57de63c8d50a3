/* SPDX-License-Identifier: MIT
 *
 * Whatever gives memory back while the program is idle stays out of the program's sight.
 *
 *   signals  a signal that all of the program's threads block stays pending: no helper takes it
 *   gone     some seconds after the memory has been given back the process has the program's threads only
 *   fork     a child gives memory back too: 128 MiB freed by it are gone after 8 idle seconds
 *   leave    a process may leave its user namespace, which the system allows to one thread alone, while
 *            helped, and is helped again afterwards
 *   nonew    a process that gives up new privileges, as before entering a sandbox, has one thread from
 *            then on
 *   off      with ACRE_CONF=helper=0 there is never another thread
 */
#include "life/life.h"

#include <sched.h>
#include <sys/prctl.h>

enum { BLOCKS = 128 * 1024, SIZE = 1000, SETTLE_SECONDS = 8, GONE_SECONDS = 12, BOUND_KIB = 24 * 1024 };

static void *blocks[BLOCKS];

static void fill_and_free(void)
{
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = memset(malloc(SIZE), 1, SIZE);
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[(i * 7919) % BLOCKS]);
}

static size_t count_threads(void)
{
    return life_proc_number("/proc/self/status", "\nThreads:");
}

static void test_signals(void)
{
    sigset_t usr1, pending;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &usr1, NULL), 0);
    fill_and_free();
    for (int i = 0; i < 20; i++) {
        kill(getpid(), SIGUSR1); /* deadly to whoever takes it */
        life_sleep_ms(100);
        CHECK_EQ(sigpending(&pending), 0);
        CHECK_EQ(sigismember(&pending, SIGUSR1), 1);
    }
    check_note("%zu threads while the signal was pending", count_threads());
}

static void test_gone(void)
{
    fill_and_free();
    size_t most = count_threads();
    for (int second = 0; second < GONE_SECONDS; second++) {
        life_sleep_ms(1000);
        size_t now = count_threads();
        most = now > most ? now : most;
        if (now == 1 && second >= 2)
            break;
    }
    check_note("at most %zu threads, %zu in the end", most, count_threads());
    CHECK_EQ(count_threads(), 1);
    CHECK_LE(life_rss_kib(), BOUND_KIB);
}

static void shrink_in_child(void)
{
    signal(SIGALRM, SIG_DFL);
    alarm(4 * SETTLE_SECONDS);
    size_t base_kib = life_rss_kib();
    fill_and_free();
    size_t freed_kib = life_rss_kib();
    for (int second = 0; second < SETTLE_SECONDS; second++)
        life_sleep_ms(1000);
    size_t idle_kib = life_rss_kib();
    check_note("child: %zu KiB resident at first, %zu after the frees, %zu idle", base_kib, freed_kib,
               idle_kib);
    life_bound("resident in the idle child", idle_kib, BOUND_KIB, "KiB");
    _exit(0);
}

static void test_fork(void)
{
    fill_and_free();
    life_sleep_ms(500); /* whatever helps is at work in the parent */
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        shrink_in_child();
    life_reap(pid);
}

static void test_off(void)
{
    fill_and_free();
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(count_threads(), 1);
        life_sleep_ms(50);
    }
}

/* Fill and free until another thread is seen; 0 when none comes. */
static int get_help(void)
{
    for (int i = 0; i < 20 && count_threads() == 1; i++) {
        fill_and_free();
        life_sleep_ms(20);
    }
    return count_threads() > 1;
}

static void test_leave(void)
{
    CHECK(get_help());
    int result = unshare(CLONE_NEWUSER);
    if (result != 0 && errno != EINVAL)
        check_skip("user namespaces: %s; NOT tested here", strerror(errno));
    CHECK_EQ(result, 0);
    CHECK(get_help());
}

static void test_nonew(void)
{
    CHECK(get_help());
    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    life_sleep_ms(10);
    CHECK_EQ(count_threads(), 1);
    CHECK(!get_help());
    CHECK_EQ(prctl(-1, 0, 0, 0, 0), -1);
    CHECK_EQ(errno, EINVAL);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "off") == 0 && getenv("LIFE_RERUN") == NULL) {
        setenv("ACRE_CONF", "helper=0", 1);
        life_rerun_preloaded(argv, getenv("LD_PRELOAD"));
    }
    life_deadline(60, "helpers in the background");
    CHECK_EQ(count_threads(), 1);
    if (strcmp(name, "signals") == 0)
        test_signals();
    else if (strcmp(name, "gone") == 0)
        test_gone();
    else if (strcmp(name, "fork") == 0)
        test_fork();
    else if (strcmp(name, "leave") == 0)
        test_leave();
    else if (strcmp(name, "nonew") == 0)
        test_nonew();
    else if (strcmp(name, "off") == 0)
        test_off();
    else
        LIFE_FAIL("case is signals, gone, fork, leave, nonew or off");
    return 0;
}

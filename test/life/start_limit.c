/* SPDX-License-Identifier: MIT
 *
 * Programs start and work under `ulimit -v` set 64 MiB above what they need with libc's own malloc. The
 * need is found by bisection without the preload, then the program runs with it. Needs no machine-specific
 * figure.
 */
#include "life/life.h"

#include <sys/resource.h>

enum { EXTRA_KIB = 64 * 1024, GRAIN_KIB = 256, MOST_KIB = 4 * 1024 * 1024 };

enum { QUIET = 0, LOUD = 1 };

/* Runs the command with that much address space; returns whether it ended with status 0. */
static int runs_with(char *const *command, const char *preload, size_t kib, int loud)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        life_child_begin();
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDOUT_FILENO);
        if (loud == QUIET) /* the loader complains of every attempt that is too small */
            dup2(nowhere, STDERR_FILENO);
        if (preload == NULL)
            unsetenv("LD_PRELOAD");
        else
            setenv("LD_PRELOAD", preload, 1);
        struct rlimit space = {kib * LIFE_KIB, kib * LIFE_KIB};
        setrlimit(RLIMIT_AS, &space);
        execvp(command[0], command);
        _exit(126);
    }
    int status = 0;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    return status == 0;
}

static size_t need_kib(char *const *command)
{
    size_t low = 0, high = MOST_KIB;
    if (!runs_with(command, NULL, high, QUIET))
        return 0;
    while (high - low > GRAIN_KIB) {
        size_t middle = (low + high) / 2;
        if (runs_with(command, NULL, middle, QUIET))
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void test_command(char *const *command, const char *preload)
{
    CHECK_CASE("%s", command[0]);
    size_t need = need_kib(command);
    if (need == 0) {
        check_note("%s: not here, left out", command[0]);
        return;
    }
    size_t spare = EXTRA_KIB;
    while (spare > 0 && runs_with(command, preload, need + spare - EXTRA_KIB / 16, QUIET))
        spare -= EXTRA_KIB / 16;
    check_note("%s: needs %zu KiB on libc; on acre %zu KiB more are enough, bound %d KiB more", command[0],
               need, spare, EXTRA_KIB);
    CHECK(runs_with(command, preload, need + EXTRA_KIB, LOUD));
}

static void *use_heap(void *unused)
{
    life_use_every_class(1);
    return unused;
}

int main(int argc, char **argv)
{
    const char *preload = getenv("ACRE_TEST_PRELOAD");
    char *self_alone[] = {argv[0], (char *)"alone", NULL};
    char *self_threads[] = {argv[0], (char *)"threads", NULL};
    char *list[] = {(char *)"/bin/ls", (char *)"-l", (char *)"/usr/bin", NULL};
    char *shell[] = {(char *)"/bin/sh", (char *)"-c", (char *)"for i in 1 2 3; do x=$(echo $i); done", NULL};
    char *python[] = {(char *)"python3", (char *)"-c", (char *)"print(len(list(range(1000))))", NULL};
    char *const *commands[] = {self_alone, self_threads, list, shell, python};
    if (argc > 1 && strcmp(argv[1], "alone") == 0) {
        life_free(life_block(100, 1));
        return 0;
    }
    if (argc > 1) {
        pthread_t thread = life_thread(use_heap, NULL);
        use_heap(NULL);
        life_join(thread);
        return 0;
    }
    CHECK(preload != NULL);
    life_deadline(110, "starting under a limit of address space");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        test_command(commands[i], preload);
    return 0;
}

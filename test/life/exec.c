/* SPDX-License-Identifier: MIT
 *
 * Other ways to become another process, each from a program with churning threads:
 *
 *   vfork   the child, on its parent's memory, allocates and frees, then execs; the parent frees what it left
 *   spawn   posix_spawn, whose child runs on its parent's memory too
 *   exec    a thread replaces the whole process
 *   system  system() and popen()
 */
#include "life/life.h"

#include <spawn.h>

enum { THREADS = 4, ROUNDS = 200 };

extern char **environ;
static int stop;

static void *churn(void *unused)
{
    struct life_pool *pool = calloc(1, sizeof *pool);
    CHECK(pool != NULL);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        life_churn(pool, 300, 80 * LIFE_KIB);
    life_pool_free(pool);
    free(pool);
    return unused;
}

/* The new program: uses the heap and ends. */
static int run_image(void)
{
    life_use_every_class(1);
    return 0;
}

static char *image_argv[] = {(char *)"life.exec", (char *)"image", NULL};

static void try_vfork(void)
{
    static void *volatile from_child;
    void *for_child = life_block(3000, 2);
    pid_t pid = vfork();
    CHECK(pid >= 0);
    if (pid == 0) {
        free(for_child);
        from_child = malloc(3000);
        free(malloc(500 * LIFE_KIB));
        execv("/proc/self/exe", image_argv);
        _exit(126);
    }
    life_reap(pid);
    CHECK(from_child != NULL);
    life_seal(from_child, 3000, 3);
    life_free(from_child);
}

static void try_spawn(void)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
    for (int fd = 20; fd < 40; fd++)
        CHECK_EQ(posix_spawn_file_actions_addclose(&actions, fd), 0);
    CHECK_EQ(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, image_argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    life_reap(pid);
}

static void *exec_image(void *unused)
{
    execv("/proc/self/exe", image_argv);
    _exit(126);
    return unused;
}

static void try_exec(int round)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        life_child_begin();
        pthread_t churner = life_thread(churn, NULL);
        if (round % 2 == 0)
            exec_image(NULL);
        life_join(life_thread(exec_image, NULL));
        life_join(churner);
        _exit(125);
    }
    life_reap(pid);
}

static void try_system(void)
{
    char line[100] = "";
    CHECK_EQ(system("exit 0"), 0);
    FILE *pipe = popen("echo through a pipe", "r");
    CHECK(pipe != NULL);
    CHECK(fgets(line, sizeof line, pipe) != NULL);
    CHECK_EQ(pclose(pipe), 0);
    CHECK(strcmp(line, "through a pipe\n") == 0);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "image") == 0)
        return run_image();
    life_deadline(100, "exec and its relatives");
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        threads[i] = life_thread(churn, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        if (strcmp(name, "vfork") == 0)
            try_vfork();
        else if (strcmp(name, "spawn") == 0)
            try_spawn();
        else if (strcmp(name, "exec") == 0)
            try_exec(round);
        else if (strcmp(name, "system") == 0)
            try_system();
        else
            LIFE_FAIL("case is vfork, spawn, exec or system");
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < THREADS; i++)
        life_join(threads[i]);
    return 0;
}

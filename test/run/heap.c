/* SPDX-License-Identifier: MIT
 *
 * heap.c -- a program whose heap is known: what the report says of it can be checked.
 *
 *   run-heap BLOCKS BYTES [END]
 *
 * Allocates and touches BLOCKS blocks of BYTES bytes, frees every second one, and ends:
 *   return (the default)   from main       _exit   without destructors
 *   kill                   by SIGKILL      closed  from main, after closing every descriptor
 *   fork                   from main, after a child has allocated four times as much and ended
 *   exec                   becoming `true` daemon  from main, leaving a child that sleeps with the streams
 *                          open
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *allocate(size_t bytes)
{
    void *block = malloc(bytes);
    if (!block)
        exit(99);
    return memset(block, 1, bytes);
}

static void allocate_in_child(size_t blocks, size_t bytes)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < blocks; i++)
            allocate(bytes);
        exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void leave_daemon(void)
{
    if (fork() == 0) {
        sleep(10);
        _exit(0);
    }
}

static int end(const char *how, size_t blocks, size_t bytes)
{
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(how, "fork") == 0)
        allocate_in_child(4 * blocks, bytes);
    if (strcmp(how, "exec") == 0)
        execlp("true", "true", (char *)NULL);
    if (strcmp(how, "daemon") == 0)
        leave_daemon();
    for (int fd = 0; strcmp(how, "closed") == 0 && fd < 1024; fd++)
        close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 98;
    size_t blocks = strtoul(argv[1], NULL, 10);
    size_t bytes = strtoul(argv[2], NULL, 10);
    void **kept = allocate(blocks * sizeof(*kept));
    for (size_t i = 0; i < blocks; i++)
        kept[i] = allocate(bytes);
    for (size_t i = 0; i < blocks; i += 2)
        free(kept[i]);
    return end(argc > 3 ? argv[3] : "return", blocks, bytes);
}

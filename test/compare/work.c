/* SPDX-License-Identifier: MIT
 *
 * work.c -- a program whose cost is known: work CHILDREN MIB MS [SLEEPS]
 *
 * CHILDREN processes (0: itself alone) allocate and touch MIB and hold it for MS, all at the same time,
 * sleeping SLEEPS times meanwhile; then `done` is printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void hold(size_t mib, long ms, long sleeps)
{
    const struct timespec each = {ms / sleeps / 1000, ms / sleeps % 1000 * 1000000};
    char *blocks[1024];
    for (size_t i = 0; i < mib; i++) {
        blocks[i] = malloc(1 << 20);
        memset(blocks[i], (int)i + 1, 1 << 20);
    }
    for (long i = 0; i < sleeps; i++)
        nanosleep(&each, NULL);
    for (size_t i = 0; i < mib; i++)
        free(blocks[i]);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    int nchildren = atoi(argv[1]);
    size_t mib = (size_t)atoi(argv[2]);
    long sleeps = argc > 4 ? atol(argv[4]) : 1;
    for (int i = 0; i < nchildren; i++) {
        if (fork() == 0) {
            hold(mib, atol(argv[3]), sleeps);
            _exit(0);
        }
    }
    if (nchildren == 0)
        hold(mib, atol(argv[3]), sleeps);
    while (wait(NULL) > 0)
        continue;
    puts("done");
    return 0;
}

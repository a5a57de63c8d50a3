// expect: quiet
// hardened: abort "double free of" "{kind}"
// SPDX-License-Identifier: MIT
// The process ends while the guilty thread lives on: at exit only the caches of the thread that ends the
// process are checked.

#include "../common/crime.h"

#include <pthread.h>
#include <unistd.h>

static int ends[2];

static void *guilty(void *unused)
{
    warm_up();
    void *block = get_block();
    void *other = get_block();
    free(block);
    free(other);
    free(block);
    if (write(ends[1], "", 1) != 1)
        lost("cannot write to a pipe");
    pause();
    return unused;
}

void crime(void)
{
    pthread_t thread;
    char byte;
    if (pipe(ends) != 0 || pthread_create(&thread, NULL, guilty, NULL) != 0 || read(ends[0], &byte, 1) != 1)
        lost("cannot start a thread and wait for it");
}

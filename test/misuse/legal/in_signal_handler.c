// expect: quiet
// SPDX-License-Identifier: MIT
// A signal handler that interrupts malloc and free allocates zeroed blocks and frees them by their sizes, and
// so does the program with blocks a handler left it.

#include "../common/crime.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { SIZE = 100, INTERVAL_US = 50, SECONDS = 1 };

static void *volatile left_by_handler;
static volatile sig_atomic_t nhandled;

static void check_and_dirty(unsigned char *block)
{
    size_t usable = malloc_usable_size(block);
    for (size_t i = 0; i < usable; i++)
        if (block[i] != 0)
            lost("a block of calloc is not zero to the end of its usable size");
    memset(block, 0xff, usable);
}

static void handler(int signal)
{
    (void)signal;
    unsigned char *block = calloc(1, SIZE);
    if (!block)
        return;
    check_and_dirty(block);
    nhandled = nhandled + 1;
    if (left_by_handler)
        free_sized(block, SIZE);
    else
        left_by_handler = block;
}

static void churn(void)
{
    static void *blocks[64];
    for (unsigned i = 0; i < 4000; i++) {
        unsigned slot = i * 7 % 64;
        free(blocks[slot]);
        blocks[slot] = malloc(SIZE - i % 8);
        memset(blocks[slot], 0xff, SIZE - 8);
    }
}

void crime(void)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval timer = {.it_interval = {0, INTERVAL_US}, .it_value = {0, INTERVAL_US}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (time_t end = time(NULL) + SECONDS + 1; time(NULL) < end;) {
        churn();
        void *block = left_by_handler;
        if (block)
            free_sized(block, SIZE);
        left_by_handler = NULL;
    }
    memset(&timer, 0, sizeof(timer));
    setitimer(ITIMER_REAL, &timer, NULL);
    if (nhandled < 100)
        lost("too few signals arrived for this to mean anything");
}

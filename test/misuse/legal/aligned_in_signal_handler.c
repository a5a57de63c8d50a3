// expect: quiet
// SPDX-License-Identifier: MIT
// A signal handler that interrupts malloc and free gets aligned blocks of every small alignment and frees
// them by alignment and size. Where no span can be waited for, such a block has pages of its own.

#include "../common/crime.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { LARGEST = 33000, ALIGNS = 6, INTERVAL_US = 50, SECONDS = 1 };

static const size_t aligns[ALIGNS] = {64, 1024, 4096, 8192, 16384, 32768};
static volatile sig_atomic_t nhandled;

static void handler(int signal)
{
    static size_t size;
    (void)signal;
    size = (size + 1237) % LARGEST;
    size_t align = aligns[nhandled % ALIGNS];
    unsigned char *block = aligned_alloc(align, size);
    if (!block)
        return;
    if ((uintptr_t)block % align != 0)
        lost("a block is not aligned as asked for");
    memset(block, 1, malloc_usable_size(block));
    free_aligned_sized(block, align, size);
    nhandled = nhandled + 1;
}

static void churn(void)
{
    static void *blocks[64];
    for (unsigned i = 0; i < 4000; i++) {
        unsigned slot = i * 7 % 64;
        free(blocks[slot]);
        blocks[slot] = malloc(i * 1021 % LARGEST);
    }
}

void crime(void)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval timer = {.it_interval = {0, INTERVAL_US}, .it_value = {0, INTERVAL_US}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (time_t end = time(NULL) + SECONDS + 1; time(NULL) < end;)
        churn();
    memset(&timer, 0, sizeof(timer));
    setitimer(ITIMER_REAL, &timer, NULL);
    if (nhandled < 100)
        lost("too few signals arrived for this to mean anything");
}

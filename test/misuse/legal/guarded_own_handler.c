// expect: quiet
// environment: ACRE_CONF=guard_every=1
// SPDX-License-Identifier: MIT
// A program's own handler for SIGSEGV hears of what is not acre's, whether it was there before guarded blocks
// were or came later.

#include "../common/guarded.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

static sigjmp_buf back;
static void *volatile heard;

static void hear(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    heard = info->si_addr;
    siglongjmp(back, 1);
}

static void hear_from_now_on(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = hear;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, NULL);
}

static void must_be_heard(void)
{
    char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    heard = NULL;
    if (sigsetjmp(back, 1) == 0)
        *(volatile char *)page = 1;
    if (heard != page)
        puts("not heard");
    munmap(page, 4096);
}

static void hear_before_main(void) __attribute__((constructor));
static void hear_before_main(void)
{
    hear_from_now_on();
}

void crime(void)
{
    free(get_guarded(true));
    must_be_heard();
    hear_from_now_on();
    must_be_heard();
}

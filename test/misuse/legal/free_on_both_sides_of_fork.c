// expect: quiet
// kinds: tiny small medium large huge aligned
// SPDX-License-Identifier: MIT
// Parent and child each free their own copy of a block, also one that a third thread allocated.

#include "../common/crime.h"

#include <sys/wait.h>
#include <unistd.h>

static void *blocks[200];

static void free_all(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++)
        free(blocks[i]);
}

void crime(void)
{
    for (int i = 0; i < 200; i++)
        blocks[i] = i % 2 ? get_block() : in_thread(get_block_act, NULL);
    pid_t child = fork();
    free_all(NULL);
    if (child == 0)
        return;
    int status = 1;
    if (waitpid(child, &status, 0) != child || status != 0)
        lost("the child did not end with 0");
}

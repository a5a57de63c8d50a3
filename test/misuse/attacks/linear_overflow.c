// expect: quiet
// SPDX-License-Identifier: MIT
// Overwrite everything for 64 KiB before and behind a block: the allocator's own data must not lie there.

#include "../common/attack.h"

#include <unistd.h>

enum { REACH = 65536, STEP = 64 };

static int ends[2];

/* The kernel copies, so that an address that is not mapped is an error and not a crash. */
static void overwrite(char *address)
{
    char ones[STEP];
    memset(ones, 0xff, sizeof(ones));
    if (write(ends[1], ones, STEP) != STEP)
        lost("cannot write to a pipe");
    if (read(ends[0], address, STEP) != STEP && read(ends[0], ones, STEP) != STEP)
        lost("cannot empty a pipe");
}

void crime(void)
{
    static char *neighbours[3 * REACH / 96];
    if (pipe(ends) != 0)
        lost("cannot make a pipe");
    for (size_t i = 0; i < 3 * REACH / 96; i++)
        neighbours[i] = malloc(96);
    char *middle = neighbours[3 * REACH / 96 / 2];
    for (char *address = middle - REACH; address < middle + REACH; address += STEP)
        overwrite(address);
    for (size_t i = 0; i < 3 * REACH / 96; i++)
        free(neighbours[i]);
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        claim_malloc(96 + i % 400, NULL, 0);
}

/* SPDX-License-Identifier: MIT
 *
 * known.c -- a program that allocates what is known, by functions with names, and dumps its profile: PATH.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "support/check.h"

enum { KEPT = 4000, KEPT_BYTES = 10000, CHURNED = 100000, CHURNED_BYTES = 500 };

static void *kept[KEPT];

__attribute__((noinline)) void keeper(void);
__attribute__((noinline)) void churner(void);

void keeper(void)
{
    for (int i = 0; i < KEPT; i++)
        kept[i] = malloc(KEPT_BYTES);
}

void churner(void)
{
    for (int i = 0; i < CHURNED; i++) {
        void *volatile block = malloc(CHURNED_BYTES);
        free(block);
    }
}

int main(int argc, char **argv)
{
    int (*dump)(const char *) = (int (*)(const char *))dlsym(RTLD_DEFAULT, "acre_prof_dump");
    CHECK(argc == 2 && dump != NULL);
    keeper();
    churner();
    CHECK_EQ(dump("/nowhere/at/all"), ENOENT);
    CHECK_EQ(dump(NULL), EINVAL);
    CHECK_EQ(dump(argv[1]), 0);
    return 0;
}

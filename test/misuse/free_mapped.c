// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of memory from mmap().

#include "common/crime.h"

#include <sys/mman.h>

void crime(void)
{
    char *pages = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    free(pages + 4096);
}

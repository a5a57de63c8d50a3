// expect: abort "realloc or usable size of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// malloc_usable_size() of memory from mmap().

#include "common/crime.h"

#include <sys/mman.h>

void crime(void)
{
    void *block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)!malloc_usable_size(block);
}

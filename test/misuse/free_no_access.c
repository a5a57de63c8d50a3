// expect: abort "free of a pointer acre did not allocate:"
// SPDX-License-Identifier: MIT
// free() of an address in pages that may not be read, such as a guard, in the form libc's own blocks have.

#include "common/crime.h"

#include <sys/mman.h>

void crime(void)
{
    char *pages = mmap(NULL, 3 * 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return;
    free(pages + 65536 + 64);
}

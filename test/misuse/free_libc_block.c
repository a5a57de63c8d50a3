// expect: abort "free of a pointer acre did not allocate:"
// environment: ACRE_CONF=foreign_to_libc=0
// SPDX-License-Identifier: MIT
// free() of a block from the C library's own malloc, when the option that hands such blocks back is off.

#include "common/crime.h"

#include <dlfcn.h>
#include <string.h>

void crime(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    void *(*libc_malloc)(size_t);
    void *symbol = libc ? dlsym(libc, "malloc") : NULL;
    memcpy(&libc_malloc, &symbol, sizeof(symbol));
    free(libc_malloc(100));
}

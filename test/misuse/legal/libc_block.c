// expect: quiet
// SPDX-License-Identifier: MIT
// Blocks of the C library's own malloc, as a library loaded with RTLD_DEEPBIND has them, go back to it.

#include "../common/crime.h"

#include <dlfcn.h>
#include <string.h>

void crime(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    void *(*libc_malloc)(size_t);
    void *symbol = libc ? dlsym(libc, "malloc") : NULL;
    memcpy(&libc_malloc, &symbol, sizeof(symbol));
    for (size_t size = 1; size < 1000000; size *= 3)
        free(libc_malloc(size));
}

/* SPDX-License-Identifier: MIT
 *
 * dlopen without RTLD_DEEPBIND. A library opened so would take malloc and free from libc, though the program
 * has them from here, and the first block that crosses from us to libc's free ends the process (PHP opens
 * all its extensions so). Only the library to preload has this: a program that is linked with acre.o can say
 * itself what it wants.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "base/atomic.h"
#include "base/compiler.h"
#include "core/option.h"

#include <dlfcn.h>

typedef void *(*opener)(const char *path, int flags);

static opener libc_dlopen;

static AC_COLD opener find_libc_dlopen(void)
{
    union {
        void *object;
        opener function;
    } found;
    found.object = dlsym(RTLD_NEXT, "dlopen");
    ac_store_rel(&libc_dlopen, found.function);
    return found.function;
}

/* The call at the end has to be a jump, as compilers make it from -O2 on: libc tells by the return address
 * whose search path and namespace count. */
AC_EXPORT void *dlopen(const char *path, int flags)
{
    opener open = ac_load_acq(&libc_dlopen);
    if (AC_UNLIKELY(open == NULL))
        open = find_libc_dlopen();
    if (open == NULL)
        return NULL;
    return open(path, ac_option_value[AC_OPTION_deepbind] != 0 ? flags : flags & ~RTLD_DEEPBIND);
}

/* SPDX-License-Identifier: MIT
 *
 * Counts how often anyone registers handlers for fork; test atfork_count.c preloads it.
 */
#include "life/life.h"

#include <dlfcn.h>

extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *dso);

unsigned atfork_registrations;
unsigned atfork_prepares;

int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *dso)
{
    atfork_registrations++;
    atfork_prepares += prepare != NULL;
    int (*real)(void (*)(void), void (*)(void), void (*)(void), void *) =
        (int (*)(void (*)(void), void (*)(void), void (*)(void), void *))dlsym(RTLD_NEXT,
                                                                               "__register_atfork");
    CHECK(real != NULL);
    return real(prepare, parent, child, dso);
}

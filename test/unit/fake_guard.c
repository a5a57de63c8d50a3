/* SPDX-License-Identifier: MIT
 *
 * The part of os.h that guards memory, on the unit tests' machine: a system that knows no guard pages.
 */
#include "os/os.h"

bool ac_os_guard(void *addr, size_t bytes)
{
    return addr == NULL && bytes == 0;
}

bool ac_os_unguard(void *addr, size_t bytes)
{
    return addr == NULL && bytes == 0;
}

bool ac_os_no_access(void *addr, size_t bytes)
{
    return addr == NULL && bytes == 0;
}

bool ac_os_map_again(void *addr, size_t bytes)
{
    return addr == NULL && bytes == 0;
}

bool ac_os_read_only(void *addr, size_t bytes)
{
    return addr == NULL && bytes == 0;
}

void ac_os_entropy(uint64_t out_words[2])
{
    out_words[0] = 1;
    out_words[1] = 2;
}

unsigned ac_os_stack(uintptr_t sp, uintptr_t *out_addrs, unsigned max)
{
    (void)sp;
    (void)out_addrs;
    return max > 0 ? 0 : max;
}

void ac_os_watch_accesses(ac_os_access_handler *to)
{
    (void)to;
}

void ac_os_trap(void)
{
    ac_os_abort();
}

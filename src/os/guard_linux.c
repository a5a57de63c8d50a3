/* SPDX-License-Identifier: MIT
 *
 * The part of os.h that guards memory, on Linux.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "os/os.h"

#include "os/syscall.h"

#include <asm/unistd.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* Linux 6.13; headers of Debian 12 do not have them. */
#define GUARD_INSTALL 102
#define GUARD_REMOVE 103

bool ac_os_guard(void *addr, size_t bytes)
{
    return !ac_sys_failed(ac_sys3(__NR_madvise, addr, bytes, GUARD_INSTALL));
}

bool ac_os_unguard(void *addr, size_t bytes)
{
    return !ac_sys_failed(ac_sys3(__NR_madvise, addr, bytes, GUARD_REMOVE));
}

/* mmap rather than mprotect: sandboxes that forbid the latter must let memory be mapped. */
static bool map_over(void *addr, size_t bytes, int access)
{
    return !ac_sys_failed(ac_sys6(__NR_mmap, (long)addr, (long)bytes, access,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
}

bool ac_os_no_access(void *addr, size_t bytes)
{
    return map_over(addr, bytes, PROT_NONE);
}

bool ac_os_map_again(void *addr, size_t bytes)
{
    return map_over(addr, bytes, PROT_READ | PROT_WRITE);
}

bool ac_os_read_only(void *addr, size_t bytes)
{
    return !ac_sys_failed(ac_sys3(__NR_mprotect, addr, bytes, PROT_READ));
}

void ac_os_entropy(uint64_t out_words[2])
{
    const void *bytes = (const void *)getauxval(AT_RANDOM);
    memset(out_words, 0, 16);
    if (bytes != NULL)
        memcpy(out_words, bytes, 16);
}

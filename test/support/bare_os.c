/* SPDX-License-Identifier: MIT
 *
 * bare_os.c -- the part of os.h that machines made for tests have in common: no files, no filters, no
 * stack to look at, 64 processors.
 */
#include "os/os.h"

#include <string.h>

void ac_os_trap(void)
{
    ac_os_abort();
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

int ac_os_open(const char *path)
{
    (void)path;
    return -1;
}

int ac_os_create(const char *path)
{
    (void)path;
    return -1;
}

size_t ac_os_read(int fd, char *out_text, size_t cap)
{
    (void)fd;
    (void)out_text;
    (void)cap;
    return 0;
}

void ac_os_close(int fd)
{
    (void)fd;
}

unsigned ac_os_cpu_count(void)
{
    return 64;
}

bool ac_os_has_leaders_credentials(void)
{
    return true;
}

bool ac_os_may_ignore_advice(void)
{
    return false;
}

bool ac_os_is_restricted(void)
{
    return false;
}

void *ac_os_map_shared(const char *name, void *at, size_t bytes, struct ac_os_shared *inout_shared)
{
    (void)name;
    (void)at;
    (void)bytes;
    (void)inout_shared;
    return NULL;
}

void ac_os_zero_shared(void *addr, size_t bytes)
{
    memset(addr, 0, bytes);
}

void ac_os_entropy(uint64_t out_words[2])
{
    out_words[0] = 1;
    out_words[1] = 2;
}

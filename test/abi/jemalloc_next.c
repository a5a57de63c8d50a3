/* SPDX-License-Identifier: MIT
 *
 * jemalloc_next.c -- stands for a jemalloc that a program is linked to: it knows one name and one mib.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len);
int mallctlnametomib(const char *name, size_t *mib, size_t *nparts);
int mallctlbymib(const size_t *mib, size_t nparts, void *old, size_t *old_len, void *new, size_t new_len);

int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
{
    size_t value = 4711;
    if (strcmp(name, "arenas.create") != 0 || *old_len != sizeof value || new != NULL || new_len != 0)
        return ENOENT;
    memcpy(old, &value, sizeof value);
    return 0;
}

int mallctlnametomib(const char *name, size_t *mib, size_t *nparts)
{
    if (strcmp(name, "arenas.create") != 0)
        return ENOENT;
    mib[0] = 3;
    mib[1] = 9;
    *nparts = 2;
    return 0;
}

int mallctlbymib(const size_t *mib, size_t nparts, void *old, size_t *old_len, void *new, size_t new_len)
{
    size_t value = 4712;
    if (nparts != 2 || mib[0] != 3 || mib[1] != 9 || *old_len != sizeof value || new != NULL || new_len != 0)
        return ENOENT;
    memcpy(old, &value, sizeof value);
    return 0;
}

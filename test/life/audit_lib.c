/* SPDX-License-Identifier: MIT
 *
 * A trivial auditor for LD_AUDIT: lives in a link namespace of its own, with a libc of its own, allocates
 * there and asks to be told of every symbol binding.
 */
#include "life/life.h"

#include <link.h>

unsigned la_version(unsigned version)
{
    return version;
}

unsigned la_objopen(struct link_map *map, Lmid_t namespace_id, uintptr_t *cookie)
{
    (void)map;
    (void)namespace_id;
    (void)cookie;
    life_free(life_block(300, 1));
    return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

#if defined(__x86_64__)
uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned index, uintptr_t *from, uintptr_t *to, unsigned *flags,
                       const char *name)
{
    (void)index;
    (void)from;
    (void)to;
    (void)flags;
    (void)name;
    free(malloc(50));
    return symbol->st_value;
}
#endif

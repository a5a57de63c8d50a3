/* SPDX-License-Identifier: MIT
 *
 * A plugin: allocates in its constructor and destructor, has thread-local memory and hands blocks to the
 * program. dlopen_loop.c loads and unloads it, audit.c and deepbind.c load it too.
 */
#include "life/life.h"

static void *own;
static __thread void *last_made;

void *plugin_make(size_t size, uint64_t seed)
{
    last_made = life_block(size, seed);
    return last_made;
}

void plugin_free(void *block)
{
    life_free(block);
}

void *plugin_last(void)
{
    return last_made;
}

/* These see the allocator the plugin is bound to, whatever the program's. */
void *plugin_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

size_t plugin_used_bytes(void)
{
    return mallinfo2().uordblks;
}

__attribute__((constructor)) static void begin(void)
{
    own = life_block(50 * LIFE_KIB, 1);
    life_use_every_class(2);
}

__attribute__((destructor)) static void end(void)
{
    life_free(own);
    life_use_every_class(3);
}

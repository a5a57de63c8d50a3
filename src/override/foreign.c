/* SPDX-License-Identifier: MIT
 *
 * Blocks of libc's own malloc that reach our free: from a library loaded with RTLD_DEEPBIND, or from
 * another namespace. They go back to libc when it is plain that they are libc's, by the rules of glibc's
 * heap: the header before the block. The functions of libc are looked up here, on the way to ending the
 * process otherwise, and nowhere else.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "base/compiler.h"
#include "core/option.h"
#include "heap/hooks.h"
#include "os/os.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern void *dlsym(void *, const char *) __attribute__((weak));

#define CHUNK_MMAPPED 2u
#define CHUNK_OTHER_ARENA 4u
#define ARENA_HEAP_BYTES ((uintptr_t)64 << 20)

/* glibc: size of the block before, size of this one with flags in the low bits, then the block. */
static bool chunk_is_libcs(uintptr_t block)
{
    const size_t *header = (const size_t *)(block - 2 * sizeof(size_t));
    if (block % 16 != 0 || !ac_os_is_mapped((uintptr_t)header) || !ac_os_is_mapped(block))
        return false;
    size_t size = header[1] & ~(size_t)7;
    if (size < 32 || size % 16 != 0)
        return false;
    if ((header[1] & CHUNK_MMAPPED) != 0) {
        size_t page = ac_os_page_size();
        return ((uintptr_t)header - header[0]) % page == 0 && (header[0] + size) % page == 0;
    }
    if ((header[1] & CHUNK_OTHER_ARENA) != 0) {
        uintptr_t heap = block & ~(ARENA_HEAP_BYTES - 1);
        return size < ARENA_HEAP_BYTES && ac_os_is_mapped(heap) && ac_os_is_mapped(*(uintptr_t *)heap);
    }
    uintptr_t brk_end = ac_os_brk();
    return block < brk_end && brk_end - block < ((uintptr_t)1 << 40) && block + size <= brk_end;
}

static void *libc_function(const char *name)
{
    return dlsym == NULL ? NULL : dlsym(RTLD_NEXT, name);
}

static bool foreign_free(void *block)
{
    union {
        void *object;
        void (*function)(void *);
    } libc_free;
    if (ac_option_value[AC_OPTION_foreign_to_libc] == 0 || !chunk_is_libcs((uintptr_t)block))
        return false;
    libc_free.object = libc_function("free");
    if (libc_free.object == NULL)
        return false;
    libc_free.function(block);
    return true;
}

static bool foreign_usable(const void *block, size_t *out_bytes)
{
    union {
        void *object;
        size_t (*function)(const void *);
    } libc_usable;
    if (ac_option_value[AC_OPTION_foreign_to_libc] == 0 || !chunk_is_libcs((uintptr_t)block))
        return false;
    libc_usable.object = libc_function("malloc_usable_size");
    if (libc_usable.object == NULL)
        return false;
    *out_bytes = libc_usable.function(block);
    return true;
}

__attribute__((constructor(101))) static void install_foreign_hooks(void)
{
    ac_hooks.foreign_free = foreign_free;
    ac_hooks.foreign_usable = foreign_usable;
}
